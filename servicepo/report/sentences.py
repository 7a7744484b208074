"""The sentences of the report in Chinese and English; the values in them are computed."""

from __future__ import annotations

from typing import Final

from ..labels import Language

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # -- head ------------------------------------------------------------------------------------
    "title": ("{place}党组织{framework}评价报告", "{framework}: evaluation report{place}"),
    "subtitle": (
        "考评期：{span}　指标体系：{framework}（版本 {version}）　servicepo {servicepo}",
        "Periods: {span} · Framework: {framework} (version {version}) · servicepo {servicepo}",
    ),
    "all": ("全体", "all"),
    "note": ("注：{text}", "Note: {text}"),
    "source": (
        "数据来源：本次考评资料，servicepo 计算。",
        "Source: evaluation data, computed by servicepo.",
    ),
    "note.shown": (
        "仅列前 {shown} 行，全部 {rows} 行见 tables.xlsx。",
        "The first {shown} of {rows} rows; all are in tables.xlsx.",
    ),
    "note.suppressed": (
        "作答不足 {fewest} 份的测评结果及可据以反推的同一维度得分不予公布，以“—”表示。",
        "Survey results from fewer than {fewest} answers, and scores of the same dimension "
        "that would give them away, are suppressed and shown as “—”.",
    ),
    # -- data ------------------------------------------------------------------------------------
    "data.title": ("数据与问题", "Data and problems"),
    "data.unknown": (
        "本指数由给定的数值直接计算，没有原始表格的记录，故不报告资料来源与数据问题。",
        "The index was computed from given values; the sheets behind them are not known here.",
    ),
    "data.read": (
        "共读取 {files} 个文件、{sheets} 张工作表、{records} 条记录，其中 {kept} 条纳入计算，"
        "{aside} 条因不合要求未予采用（[[sources]]）。",
        "{files} files with {sheets} sheets and {records} records were read; {kept} records "
        "were used and {aside} set aside ([[sources]]).",
    ),
    "data.unfilled": ("缺失的数值没有以任何方法填补。", "No missing value was filled in."),
    "data.no_problems": ("未发现数据问题。", "No problem was found."),
    "data.problems": (
        "检查发现错误 {error} 处（有关记录未采用）、提醒 {warning} 处（记录已采用，请核对）、"
        "说明 {notice} 处（按约定略过的行列），分类见[[problem_kinds]]。",
        "The checks found {error} errors (records set aside), {warning} warnings (records "
        "used, please check) and {notice} notices (rows and columns skipped on purpose); see "
        "[[problem_kinds]].",
    ),
    "table.sources": ("读取的资料", "Sheets that were read"),
    "table.problem_kinds": ("数据问题分类", "Problems by kind"),
    "table.aside": ("未予采用的记录", "Records set aside"),
    # -- framework -------------------------------------------------------------------------------
    "framework.title": ("指标体系与权重", "Framework and weights"),
    "framework.what": (
        "采用{name}指标体系，共 {dimensions} 个一级指标、{indicators} 个二级指标（含只适用于"
        "部分类型的指标），依据：{citation}。各指标的适用范围和权重见[[indicators]]和"
        "[[weights]]。",
        "The framework is {name}: {dimensions} dimensions and {indicators} indicators (some "
        "for certain sectors only), based on {citation}. Scope and weights are in "
        "[[indicators]] and [[weights]].",
    ),
    "framework.sources": ("评价主体的权重：{shares}。", "Weights of those who score: {shares}."),
    "framework.absent": (
        "下列 {count} 个指标没有数据，未参与计算：{names}。",
        "Left out for want of data ({count}): {names}.",
    ),
    "framework.everywhere": ("全部", "all"),
    "framework.whole": ("整个指标体系", "whole framework"),
    "framework.all_given": (
        "指标体系文件中没有标明为示例的数字。",
        "No number of the framework is marked as illustrative.",
    ),
    "framework.illustrative": (
        "有 {count} 处数字在来源文件中没有规定，只是示例（[[illustrative]]），据此得到的得分、"
        "名次和等次应在确定本地数字后重新计算，再作正式使用。",
        "{count} numbers are not given by the source documents and are illustrative ("
        "[[illustrative]]). Settle them locally and compute again before official use.",
    ),
    "table.indicators": ("指标、适用范围与{period}权重", "Indicators, scope and weights, {period}"),
    "note.weights": (
        "权重为占总分的比重；不同类型适用的指标不同，权重有差异的给出范围。",
        "Weights are shares of the whole; a range is given where they differ between sectors.",
    ),
    "figure.weights": ("各指标的权重", "Weights of the indicators"),
    "note.weights_common": (
        "只画各类型共有的指标，权重取各类型平均。",
        "Indicators common to all sectors only; mean over the sectors.",
    ),
    "table.illustrative": ("示例性数字及其出处", "Illustrative numbers and where they come from"),
    # -- scores ----------------------------------------------------------------------------------
    "scores.title": ("综合得分与名次", "Scores and ranks"),
    "scores.none": ("数据不足，无法给出得分。", "There are not enough data for scores."),
    "scores.spread": (
        "{period}共有 {count} 个党组织得到综合得分，平均 {mean:.1f} 分，标准差 {sd:.1f} 分，"
        "最低 {low:.1f} 分，最高 {high:.1f} 分。",
        "In {period}, {count} organisations have a score: mean {mean:.1f}, standard "
        "deviation {sd:.1f}, from {low:.1f} to {high:.1f}.",
    ),
    "scores.within.domain": (
        "不同领域的职责和适用指标不同，名次只在领域内比较，不作跨领域排名（[[first]]、"
        "[[ranking]]）。",
        "Duties and indicators differ between domains, so ranks hold within a domain only ("
        "[[first]], [[ranking]]).",
    ),
    "scores.within.sector": (
        "不同类型的职责和适用指标不同，名次只在类型内比较，不作跨类型排名（[[first]]、"
        "[[ranking]]）。",
        "Duties and indicators differ between sectors, so ranks hold within a sector only ("
        "[[first]], [[ranking]]).",
    ),
    "scores.within.group": (
        "各组满分或指标不同，名次只在组内比较，不作跨组排名（[[first]]、[[ranking]]）。",
        "Full marks or indicators differ between groups, so ranks hold within a group only ("
        "[[first]], [[ranking]]).",
    ),
    "scores.within.all": (
        "全部党组织按同一套指标评价，合在一起排名（[[first]]、[[ranking]]）。",
        "All organisations are measured alike and ranked together ([[first]], [[ranking]]).",
    ),
    "scores.unscored": (
        "另有 {count} 个党组织因数据不足没有综合得分，不参加排名。",
        "{count} more have too few data for a score and are not ranked.",
    ),
    "table.first": ("{period}综合得分前 {first} 名", "First {first} of each class, {period}"),
    "note.standard_error": (
        "标准误只反映已知的抽样误差（问卷份数、事项件数、评分人数），是下限。",
        "Standard errors hold the known sampling errors only (answers, events, raters): "
        "lower bounds.",
    ),
    "figure.ranking": ("{period}综合得分与名次", "Scores and ranks, {period}"),
    # -- dimensions ------------------------------------------------------------------------------
    "dimensions.title": ("维度分析", "Dimensions"),
    "dimensions.ends": (
        "{period}各一级指标中，平均得分最高的是“{best}”（{high:.1f} 分），最低的是“{worst}”（"
        "{low:.1f} 分）。",
        "In {period} the dimension with the highest mean is {best} ({high:.1f}), with the "
        "lowest {worst} ({low:.1f}).",
    ),
    "dimensions.by_group": (
        "分类看，短板各有不同：{list}（[[dimensions]]）。",
        "The lowest dimension by class: {list} ([[dimensions]]).",
    ),
    "dimensions.all_alike": (
        "各类别得分最低的都是“{name}”（[[dimensions]]）。",
        "In every class the lowest is {name} ([[dimensions]]).",
    ),
    "dimensions.sectors": (
        "按类型细分的平均得分见[[heatmap]]。",
        "Means by sector are in [[heatmap]].",
    ),
    "dimensions.weakest": ("{group}为“{name}”", "{group}, {name}"),
    "table.dimensions": ("{period}各一级指标平均得分", "Mean scores of the dimensions, {period}"),
    "figure.radar": ("{period}各一级指标平均得分的轮廓", "Profiles of the dimensions, {period}"),
    "figure.heatmap": (
        "{period}各类型一级指标平均得分",
        "Mean scores of the dimensions by sector, {period}",
    ),
    # -- domains ---------------------------------------------------------------------------------
    "domains.title": ("领域比较", "Domains side by side"),
    "refused": (
        "按现有数据无法完成本项分析（程序提示：{why}）",
        "This analysis cannot be made for these data: {why}",
    ),
    "domains.basis": (
        "为保证可比，领域比较只用各领域共有的 {count} 个二级指标重新合成得分；另有专属指标的"
        "组织，得分与上文的综合得分不同。",
        "For a fair comparison the score is put together again from the {count} indicators "
        "that all domains share; organisations that have others besides score differently above.",
    ),
    "domains.differ": (
        "各领域得分分布的差异在统计上显著（Kruskal–Wallis H = {statistic:.2f}，P {p}，"
        "置换检验 P {permuted}，ε² = {epsilon:.3f}），分布见[[domains]]和[[distribution]]。",
        "The distributions differ (Kruskal–Wallis H = {statistic:.2f}, p {p}, "
        "permutation p {permuted}, ε² = {epsilon:.3f}); see [[domains]] and [[distribution]].",
    ),
    "domains.alike": (
        "各领域得分分布的差异在统计上不显著（Kruskal–Wallis H = {statistic:.2f}，P {p}，"
        "置换检验 P {permuted}，ε² = {epsilon:.3f}），不宜据此判断哪个领域更好，分布见[[domains]]和"
        "[[distribution]]。",
        "The distributions do not differ significantly (Kruskal–Wallis H = {statistic:.2f}, "
        "p {p}, permutation p {permuted}, ε² = {epsilon:.3f}); see [[domains]] and "
        "[[distribution]].",
    ),
    "domains.inequality": (
        "把全体党组织得分的差异按泰尔指数分解，{within:.1%} 来自领域内部，{between:.1%} 来自"
        "领域之间（95% 区间 {low:.1%}—{high:.1%}；随机分成同样大小的组时约为 {chance:.1%}）。",
        "Of the inequality (Theil), {within:.1%} lies within domains and {between:.1%} "
        "between them (95 % interval {low:.1%}–{high:.1%}; about {chance:.1%} for groups of these "
        "sizes drawn by lot).",
    ),
    "domains.history": (
        "只用各期都有的 {count} 个共有指标，{first}各领域平均分最大相差 {gap:.1f} 分，{last}为 "
        "{gap_now:.1f} 分；领域之间的差异占全部差异的份额由 {share:.1%} 变为 {share_now:.1%}。",
        "On the {count} indicators shared in all periods, the means of the domains lay up to "
        "{gap:.1f} points apart in {first} and {gap_now:.1f} in {last}; the share of inequality "
        "between domains went from {share:.1%} to {share_now:.1%}.",
    ),
    "domains.ceiling": (
        "下列指标在某个领域已有半数以上组织得满分，难以再分出高低：{names}。",
        "In some domain half or more have the full score, so these tell few apart: {names}.",
    ),
    "table.domains": ("{period}各领域得分分布", "Scores by domain, {period}"),
    "figure.distribution": ("{period}各领域得分分布", "Distribution of scores by domain, {period}"),
    "note.boxes": (
        "箱体为上下四分位数，中线为中位数，须线至 1.5 倍四分位距以内的最远点，点为各党组织。",
        "Box: quartiles and median; whiskers: farthest point within 1.5 quartile ranges; "
        "points: organisations.",
    ),
    "table.pairs": ("两两比较", "Pairs of domains"),
    "note.pairs": (
        "P 为 Dunn 检验，P（置换）为均值的置换检验，均经 Holm 校正；差值为中位数之差；Cliff δ 为"
        "效应量。",
        "p: Dunn’s test; p (permutation): of means; both by Holm; difference of medians; Cliff’s δ "
        "is the effect size.",
    ),
    "table.inequality": ("得分差异的分解", "Inequality of scores"),
    "note.inequality": (
        "占比以各指数总值为 100%。“超变”为领域间重叠部分（Dagum）。95% 区间由各领域内部有放回抽样"
        "得到，并扣除抽样造成的虚高。",
        "Shares are of each measure’s total. Transvariation is the overlap (Dagum). 95 % intervals "
        "from resampling inside domains, freed of what resampling adds.",
    ),
    # -- grades ----------------------------------------------------------------------------------
    "grades.title": ("等次", "Grades"),
    "grades.scheme": ("等次按下列办法划定：{citation}。", "Grades follow {citation}."),
    "grades.basis.same": (
        "分数线用于上文的综合得分。",
        "The cut-offs are applied to the overall scores above.",
    ),
    "grades.basis.bounds": (
        "分数线以满分 100 分为准，而上文的综合得分表示在最低与最高之间的相对位置，故定等次时"
        "改按指标体系规定的满分（上下界）折算后合成，两者数值不同。",
        "Cut-offs mean marks out of 100, while the scores above tell the place between the "
        "lowest and the highest; for grades the index is built against the declared bounds "
        "(full marks).",
    ),
    "grades.counts": (
        "{period}各等次的组织数：{list}（[[grades]]）。",
        "Grades in {period}: {list} ([[grades]]).",
    ),
    "grades.count": ("{grade} {count} 个（{share:.1%}）", "{grade} {count} ({share:.1%})"),
    "grades.barred": (
        "其中 {count} 个得分达到较高等次，因{bars}而下调。",
        "{count} earned a higher grade by score and were lowered by a bar ({bars}).",
    ),
    "grades.unchecked": (
        "有 {count} 个缺少限制条件所需的数据，只按得分定等次。",
        "{count} lack the data a bar needs and are graded by score alone.",
    ),
    "grades.sure": (
        "在 {known} 个测量误差已知的组织中，有 {count} 个的等次把握不足八成（得分靠近分数线）；"
        "如果没有任何变化、只是重新测评一次，预计至少仍有 {churn:.0%} 的等次会变，"
        "等次升降应与这一比例对照。",
        "Of {known} organisations whose noise is known, {count} hold a grade that is less than "
        "80 % sure (their score lies near a cut-off); if nothing changed and everybody were merely "
        "measured again, at least {churn:.0%} of the grades would be expected to change.",
    ),
    "grades.share": ("{grade}占比", "{grade}, share"),
    "table.grades": ("{period}各等次的组织数与占比", "Grades by class, {period}"),
    # -- parties ---------------------------------------------------------------------------------
    "parties.title": ("评价主体比较", "Sources compared"),
    "parties.who": (
        "{period}有 {count} 个党组织由{sources}分别评分。下面按满分折算后并排比较，总差异只看双方"
        "都评了的指标（[[agreement]]）。",
        "In {period}, {count} organisations were scored by {sources} apart. Scores are compared "
        "as shares of the full mark, overall only on what both scored ([[agreement]]).",
    ),
    "parties.inflation": (
        "扣除误差以后，{own}比{other}平均高 {mean:.1f} 分；{count} 个党组织偏高超过 {delta:g} 分的"
        "把握在九成以上（[[inflation]]）。原始差值不能直接用来认定虚高：{other}偶然打低的，差值"
        "自然大。",
        "Beyond noise, {own} is {mean:.1f} marks above {other} on average; for {count} "
        "organisations it is more than {delta:g} marks above with a probability of over 90 % "
        "([[inflation]]). Raw differences show no inflation by themselves: where {other} "
        "happened to be low, the difference is large.",
    ),
    "parties.critical": (
        "{rising}的权重由 0 升到 1、其余主体按比例分担时，有 {count} 个党组织会跨过等次分数线"
        "（只看分数线，不计限制条件和名额）。",
        "While the weight of {rising} rises from 0 to 1 and the others share the rest, {count} "
        "organisations cross a cut-off of the grades (cut-offs alone, without bars or quotas).",
    ),
    "table.agreement": ("{period}评价主体之间的一致程度", "Agreement of the sources, {period}"),
    "figure.inflation": ("{own}比{other}偏高的分数", "How far {own} is above {other}"),
    "note.agreement": (
        "差值为前者减后者；Kendall W 看先后是否一致，组内相关（绝对一致）还看分数高低是否一致。",
        "Differences are first minus second; Kendall’s W is about order, the intraclass "
        "correlation (absolute agreement) about levels too.",
    ),
    "note.inflation": (
        "点为收缩后的估计，横线为 90% 区间，菱形为原始差值，虚线为 {delta:g} 分。",
        "Points are shrunken estimates, lines 90 % intervals, diamonds raw differences; the "
        "dashed line is at {delta:g} marks.",
    ),
    # -- weak ------------------------------------------------------------------------------------
    "weak.title": ("软弱涣散（后进）党组织名单", "Weak branches"),
    "weak.purpose": (
        "本名单用于确定整顿提升和帮扶的对象，只供内部工作使用。进入名单说明某些方面需要支持，"
        "不是对基层干部的否定；使用时应先核实原始材料，不公开点名，防止将基层干部“污名化”。",
        "The list tells where help is needed and is for internal use. It judges no cadre: "
        "check the records first, name nobody in public, and do not stigmatise.",
    ),
    "weak.count": (
        "{period}有得分的 {scored} 个党组织中，{count} 个符合一项或多项规则（[[weak]]），其中"
        " {bottom} 个处于同类组织后 {share:.0%}。",
        "Of {scored} organisations with a score in {period}, {count} meet one rule or more ("
        "[[weak]]); {bottom} are in the bottom {share:.0%} of their class.",
    ),
    "weak.criteria": (
        "对照{name}，名单内有 {count} 个至少符合一种。",
        "By {name}, {count} of the list meet at least one.",
    ),
    "weak.no_criteria": (
        "{name}所需的数据这次都没有，未能对照。",
        "The data hold nothing that {name} could be checked on.",
    ),
    "weak.none": (
        "没有党组织符合所列规则，或各党组织得分相同、数据不足，无法区分。",
        "No organisation meets a rule, or scores are equal or too few to tell.",
    ),
    "weak.hidden": (
        "表中以代码代替名称；代码的序号随机产生，不反映名次。",
        "Codes stand for names; their numbers are drawn at random and tell no rank.",
    ),
    "weak.shown": (
        "本报告按使用者要求列出名称，请严格控制知悉范围。",
        "Names are shown because they were asked for; keep this report among those who need it.",
    ),
    "weak.sure": (
        "计入已知抽样误差后，{sure} 个处于后列的概率不低于 80%，{unsure} 个不足 50%；{unclear} 个的"
        "名次区间跨过名单线，与名单外的党组织分不开，宜先复核再认定。",
        "With the known sampling errors, {sure} belong to the bottom with a probability of "
        "80 % or more and {unsure} with less than 50 %; the rank intervals of {unclear} reach "
        "across the cut: look at these again before anything is decided.",
    ),
    "weak.rule.bottom": ("同类组织后 {share:.0%}", "bottom {share:.0%}"),
    "weak.steps": (
        "在其他党组织不变的条件下，走出后列所需的最小提升见[[steps]]。",
        "The least improvement that would take each off the bottom share is in [[steps]].",
    ),
    "weak.step": ("{name} {now}→{needed}", "{name} {now}→{needed}"),
    "weak.more_steps": ("另有 {count} 项", "{count} more"),
    "table.weak": ("{period}软弱涣散（后进）党组织名单", "Weak branches, {period}"),
    "note.chance": (
        "概率为计入已知抽样误差后仍处于同类组织后列的可能性。",
        "P: probability of the bottom share given the known sampling errors.",
    ),
    "note.rank_interval": (
        "名次后的括号为计入误差后真实名次 90% 的可能范围；带 * 的跨过名单线。",
        "Behind the rank: where the true rank lies with a probability of 90 %; * reaches across "
        "the cut.",
    ),
    "note.obstacle": (
        "主要短板后的百分数为该指标占与同类中位数差距的份额（障碍度）；带“?”的差距尚在误差之内。",
        "Reasons bear their share of the distance to the median of the class (obstacle degree); "
        "those with “?” may be chance.",
    ),
    "figure.weak_reasons": ("名单内党组织的主要短板", "Main reasons of weak branches"),
    "note.reasons": (
        "每个党组织取障碍度最大的三项指标，横轴为出现次数。",
        "The three largest obstacles of each; the axis counts organisations.",
    ),
    "table.steps": ("走出后列所需的最小提升", "Least improvement to leave the bottom share"),
    "note.steps": (
        "“差距”为综合得分与名单外最低得分之差；箭头前后为指标标准化得分（0—100）的现值和所需"
        "值，按权重从大到小取。",
        "Gap: overall points below the lowest outside. Arrows: normalised score (0–100) now "
        "and needed, heaviest indicators first.",
    ),
    # -- change ----------------------------------------------------------------------------------
    "change.title": ("趋势与等次转移", "Change"),
    "change.one_period": (
        "数据只有一个考评期，不能分析变化趋势。",
        "The data hold one period only; change cannot be measured.",
    ),
    "change.last": (
        "与上一期相比，{period} {count} 个党组织的综合得分平均变化 {mean} 分，{rose} 个上升，"
        "{fell} 个下降，其中变化幅度超出正常波动的有 {beyond} 个。",
        "Since the period before, the scores of {count} organisations changed by {mean} on "
        "average in {period}: {rose} rose, {fell} fell, {beyond} by more than noise.",
    ),
    "change.drivers": (
        "平均得分的变化中，影响最大的指标是{drivers}，分解见[[drivers]]。",
        "What moved the mean most were {drivers}; see [[drivers]].",
    ),
    "change.driver": ("{name}（{amount} 分）", "{name} ({amount})"),
    "figure.drivers": (
        "平均综合得分变化的分解（与上一期都有得分的党组织）",
        "What moved the mean score (organisations scored in both periods)",
    ),
    "note.drivers": (
        "菱形为两期平均得分，条形为各指标得分变化带来的增减，各步相加等于两期之差，没有余项；"
        "横轴不从 0 开始。",
        "Diamonds: mean scores; bars: what the change of each indicator added. They sum to the "
        "difference, without a rest; the axis does not start at 0.",
    ),
    "change.moves": (
        "把各年相邻两期合在一起，共观察到 {steps} 次等次变动（含不变），转移情况见"
        "[[transitions]]和[[promotions]]。",
        "All steps together give {steps} moves between grades (staying counts); see "
        "[[transitions]] and [[promotions]].",
    ),
    "change.q1": ("后四分之一", "lowest quarter"),
    "change.q2": ("中下四分之一", "second quarter"),
    "change.q3": ("中上四分之一", "third quarter"),
    "change.q4": ("前四分之一", "highest quarter"),
    "table.convergence": ("各期综合得分的平均与差异", "Mean and spread of scores by period"),
    "note.convergence": (
        "只含各期都有得分的党组织；变异系数为标准差÷平均。",
        "Organisations scored in every period; coefficient of variation = sd ÷ mean.",
    ),
    "figure.trend": ("各期平均综合得分", "Mean scores over the periods"),
    "note.band": ("阴影为平均的 95% 置信区间。", "Bands are 95 % intervals of the means."),
    "figure.transitions": ("等次转移概率", "Moves between grades"),
    "table.promotions": ("等次的晋升、保持与下降", "Promotions and demotions"),
    "table.warnings": ("降幅超出正常波动的党组织", "Falls of more than noise"),
    # -- robustness ------------------------------------------------------------------------------
    "robustness.title": ("稳健性", "Robustness"),
    "robustness.width": (
        "改变权重、标准化和合成方法，共重算 {runs} 次。{period}名次 90% 区间的宽度中位数为 "
        "{width:.0f} 位，名次平均移动 {shift:.1f} 位；{sure} 个党组织在 80% 以上的方案中都处"
        "于后 {share:.0%}（[[robustness]]、[[intervals]]）。名次相差小于区间宽度的，不宜区分"
        "先后。",
        "The index was built {runs} times with other weights, normalisations and "
        "aggregations. In {period} the median 90 % interval is {width:.0f} ranks wide and "
        "ranks move by {shift:.1f} on average; {sure} organisations stand in the bottom "
        "{share:.0%} in 80 % of the runs or more ([[robustness]], [[intervals]]). Ranks "
        "closer than their intervals should not be told apart.",
    ),
    "robustness.source": (
        "名次波动的最大来源是{choice}，占 {share:.1%}（[[sensitivity]]）。",
        "The largest source of movement is {choice} with {share:.1%} ([[sensitivity]]).",
    ),
    "table.robustness": ("{period}名次的波动", "How ranks move, {period}"),
    "figure.intervals": (
        "{group}{period}名次的中位数与 90% 区间",
        "Median ranks and 90 % intervals in {period}: {group}",
    ),
    "table.sensitivity": ("名次波动的来源", "Where the movement of ranks comes from"),
    # -- methods and notes -----------------------------------------------------------------------
    "methods.title": ("方法说明", "Methods"),
    "methods.software": (
        "计算使用 servicepo {servicepo}（pandas {pandas}、numpy {numpy}），随机种子 {seed}；"
        "输入文件与输出文件的校验值见 manifest.json，同样的输入得到同样的结果。",
        "Computed with servicepo {servicepo} (pandas {pandas}, numpy {numpy}), seed {seed}; "
        "digests of inputs and outputs are in manifest.json. The same input gives the same "
        "result.",
    ),
    "notes.title": ("附注", "Notes"),
    "notes.dash": (
        "表中“—”表示缺失、不适用或按规定不予公布。",
        "“—” in tables: missing, not applicable or suppressed.",
    ),
    "notes.suppressed": (
        "测评结果少于 {fewest} 份作答的，本报告各文件一律不予公布（同一维度的指标得分一并略去，"
        "以免反推），共 {cells} 处。",
        "Survey results from fewer than {fewest} answers are shown in no file (nor the other "
        "indicators of their dimension): {cells} cells.",
    ),
    "notes.relative": (
        "得分、名次和名单只反映所用指标和所报资料，须与实地了解互相印证。",
        "Scores, ranks and lists tell what these indicators and returns tell; check them on "
        "the spot.",
    ),
    "notes.codes": (
        "党组织以代码表示。持有原始资料并需要核对的，可加 --names 重新生成内部版。",
        "Organisations are shown by codes. Whoever holds the files may write an internal "
        "version with --names.",
    ),
    "notes.conventions": (
        "计算中采用了下列约定（程序提示原文）：",
        "Conventions applied on the way:",
    ),
    # -- whole tables of the workbook ------------------------------------------------------------
    "table.all_ranks": ("全部综合得分与名次", "All scores and ranks"),
    "table.all_dimensions": ("全部一级指标得分", "All dimension scores"),
    "table.all_scores": ("全部二级指标得分（标准化）", "All indicator scores (normalised)"),
    "table.all_values": ("全部二级指标原始值", "All indicator values"),
    "table.all_weights": ("全部权重", "All weights"),
    "table.all_problems": ("全部数据问题", "All problems"),
    # -- summary ---------------------------------------------------------------------------------
    "summary.title": ("摘要", "Summary"),
    "summary.what": (
        "本报告按{framework}指标体系，对 {organisations} 个党组织{span}的服务型党组织建设情况"
        "进行评价。{records}",
        "This report evaluates {organisations} organisations in {span} on the framework "
        "{framework}. {records}",
    ),
    "summary.records": (
        "共读取 {files} 个文件，纳入 {kept} 条记录，{aside} 条因不合要求未予采用。",
        "{files} files were read, {kept} records used and {aside} set aside.",
    ),
    "summary.scores": (
        "{period}综合得分平均 {mean:.1f} 分，中位数 {median:.1f} 分。",
        "In {period} the mean score is {mean:.1f}, the median {median:.1f}.",
    ),
    "summary.ends": (
        "各维度中“{best}”得分最高，“{worst}”最低。",
        "{best} is the strongest dimension, {worst} the weakest.",
    ),
    "summary.differ": (
        "按共有指标比较，各领域得分中位数为{medians}，差异显著（P {p}）。",
        "On shared indicators the medians are {medians}; they differ (p {p}).",
    ),
    "summary.alike": (
        "按共有指标比较，各领域得分中位数为{medians}，差异不显著（P {p}）。",
        "On shared indicators the medians are {medians}; the difference is not significant "
        "(p {p}).",
    ),
    "summary.grades": ("等次分布为：{counts}。", "Grades: {counts}."),
    "summary.weak": (
        "{count} 个党组织进入软弱涣散（后进）名单，主要短板集中在{reasons}。",
        "{count} organisations are listed as weak, mostly for {reasons}.",
    ),
    "summary.weak_alone": (
        "{count} 个党组织进入软弱涣散（后进）名单。",
        "{count} organisations are listed as weak.",
    ),
    "summary.change": (
        "与上一期相比平均变化 {mean} 分，{fell} 个党组织的降幅超出正常波动。",
        "Scores changed by {mean} on average since the period before; {fell} fell by more "
        "than noise.",
    ),
    "summary.robustness": (
        "换用其他合理的权重与方法，名次 90% 区间的宽度中位数为 {width:.0f} 位，相近名次不宜过"
        "度解读。",
        "Under other reasonable weights and methods the median 90 % interval is {width:.0f} "
        "ranks wide: do not read much into close ranks.",
    ),
    "summary.few": (
        "注意：指标体系适用的 {declared} 个指标中只有 {present} 个有数据，以下结论只反映这些指标，"
        "不足以代表整个体系；请补充资料，或按本地项目另写指标体系。",
        "Mind: of the {declared} indicators that apply only {present} have data. What follows "
        "rests on these alone and does not stand for the framework: add data, or write a framework "
        "of the local items.",
    ),
    "summary.illustrative": (
        "指标体系中标明“示例”的数字没有文件依据，结论在确定本地数字并重新计算后方可正式使用。",
        "Numbers marked illustrative have no authority: settle them locally and compute "
        "again before official use.",
    ),
}


def say(key: str, language: Language, **values: object) -> str:
    """Return a sentence with its values.

    Parameters
    ----------
    key : str
        A key of ``SENTENCES``.
    language : {"zh", "en"}
        The language of the sentence.
    **values
        What stands in its braces.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        For a key that is not there.

    Examples
    --------
    >>> say("dimensions.weakest", "en", group="rural", name="Premises")
    'rural, Premises'
    """
    return SENTENCES[key][language == "en"].format(**values)
