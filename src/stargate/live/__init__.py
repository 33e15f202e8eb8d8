"""A machine of several sites that really runs: Ray underneath, `control` deciding.

`stargate up` starts a Ray cluster whose nodes carry their site, and a controller. The controller
folds all that happens into the state of `control`, asks it what to do, writes that down and only
then does it; so it can be killed at any time and resumed. A job is a command, in as many members
as it asks for; each runs under a warden that outlives nothing it should not.

order     what is asked for            runner, warden   one member of a job, on its node
machine   sites and their nodes        executor         what a controller needs done
controller  the loop                   ray_executor     the same by Ray
history   what became of jobs          cluster, node    the Ray processes themselves

One machine: every site is a Ray node on this host, reachable from this host alone.
"""
