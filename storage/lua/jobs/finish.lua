-- ARGS: attempt, state, result. Answers 1 if this attempt held the job (the fence).
local state = get(JOB, 'state')
if not state or get(JOB, 'attempt') ~= ARGS[1] then return 0 end
-- The same call sent twice, because the first reply was lost, has ended the job already.
if ended(state) then return get(JOB, 'result') == ARGS[3] and 1 or 0 end
if state ~= 'running' then return 0 end
unlist(ID, get(JOB, 'lane'))
redis.call('HSET', JOB, 'state', ARGS[2], 'result', ARGS[3])
changed(JOB, ID)
return 1
