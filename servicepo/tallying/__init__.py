"""From the four tables to one value per organisation, period and indicator, with its evidence."""
