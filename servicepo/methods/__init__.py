"""The toolbox: formulas of composite evaluation. Frames and arrays in, frames and arrays out.

Every module can be used by itself; `build_index` reaches most by a word. In the order of the work:

Values
    `treatment` screening by availability, denomination, outliers, transforms (数据处理);
    `imputation` missing values, multiple imputation (缺失值插补).
Scores
    `normalisation` fit once, apply later; direction; votes (正向化、标准化、得分率);
    `scalings` its formulas one by one; `maps` what they are made of.
Objective weights (客观赋权)
    `objective_weights` entropy 熵权, CRITIC, 变异系数, 独立性, 信息量, MEREC, 主成分, 因子分析;
    `importance` regression, weights for target importances; `dispersion`, `moments` and
    `components` what these share.
Expert weights (主观赋权)
    `expert_weights` AHP 层次分析法, groups, hierarchies; `judgements` what contradicts what;
    `pairwise` priorities and random indices; `elicitation` best–worst 最优最劣法, 序关系 G1,
    budgets, ratings; `delphi` 德尔菲法.
Combined weights (组合赋权)
    `combined_weights` linear, product, game-theoretic 博弈论, relative entropy, moment 矩估计.
Aggregation (合成)
    `aggregation` means, OWA, Mazziotta–Pareto, veto 一票否决; `voting` Borda, Copeland, Condorcet,
    Kemeny; `benefit_of_the_doubt` BoD.
Ranking (综合评价)
    `ranking` TOPSIS 优劣解距离法, VIKOR, 灰色关联; `promethee`; `rank_sum_ratio` 秩和比 RSR;
    `fuzzy_evaluation` 模糊综合评价; `data_envelopment` 数据包络分析 DEA.
Relations and reasons
    `coupling` 耦合协调度; `obstacle` 障碍度; `improvement` what it takes 最省路径; `shapley` any
    rule's gap; `multivariate` α, ω, KMO, Bartlett, VIF (信度、效度).
Groups and inequality
    `inequality` Gini, Theil 泰尔指数, Dagum, Atkinson, Lorenz, Wolfson; `nested_inequality` regions
    and domains in them, change; `inequality_table` all of them; `resampling` their intervals;
    `group_tests` Kruskal–Wallis, Dunn, Cliff's δ, permutation 置换检验; `densities` 核密度;
    `quantile_shift` 分位差.
Raters (评价主体)
    `agreement` ICC 组内相关, Krippendorff α, Kendall W (一致性); `raters` severity of teams
    (考评组宽严); `inflation` self-inflation 自评偏高; `weight_paths` scores while one weight rises.
Noise
    `shrinkage` empirical Bayes, probability of the bottom share (收缩估计); `shrunken_rates`
    beta-binomial; `posteriors` normal and free priors; `repeats` noise between periods;
    `intervals` Wilson, Agresti–Coull, exact and Byar (置信区间).
Who is weak, and how surely
    `rank_sets` joint sets, expected ranks, intervals (名次区间); `selection` few wrong names;
    `funnel` limits of chance, over-dispersion (漏斗图); `detection` how good a list is.
Services and surveys
    `survey_rates` strata, small populations, non-response (分层抽样满意率);
    `case_mix` observed over expected, rates on one mix (标准化);
    `queues` load, target queue, backlog (积压);
    `disclosure` which cells are sensitive, rounding; `cell_suppression` what totals give away,
    what else to hide (小格隐去、泄露审计).
Grades
    `grades` cut-offs with quotas and a band, natural breaks 自然断点, probability of a grade;
    `leniency` why grade shares of places cannot be compared (宽严不一).
Time
    `trend` Sen, Mann–Kendall 趋势检验; `autocorrelated_trends` Hamed–Rao, pre-whitening;
    `control` XmR, p′, EWMA, CUSUM 控制图; `control_rules` what marks a point; `run_lengths` and
    `stability` how often charts alarm without cause; `foresight` how far warnings came true;
    `change_points` Pettitt, PELT 突变点; `change_decomposition` what drove a change 变动分解, LMDI;
    `panel_states` states, steps, neighbours; `transitions` Markov 转移矩阵; `mobility` 流动性指数,
    homogeneity, what noise alone shows; `convergence` β 收敛; `durations` Kaplan–Meier 办结时限.

Below them, `guards` says what every formula asks of its input, and `compiled` holds the loops that
run faster where numba is installed.
"""
