"""The programme under uncertainty: dates, money, capacity, gates, in one draw of one sample.

`plan.plan(document)` is the door; `result.PlanResult` is what it gives.
"""
