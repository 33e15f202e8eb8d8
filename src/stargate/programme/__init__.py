"""The programme under uncertainty: dates, money, capacity, gates, in one draw of one sample."""
