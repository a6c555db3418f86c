-- ARGS: step, token, error. Ends a dataset that cannot go on; its other steps are lost to their holders.
-- Answers 1 if the caller holds the step.
if about(ARGS[1], 'holder') ~= ARGS[2] or not open(ARGS[1]) then return 0 end
redis.call('HSET', RECORD, 'state', 'failed', 'error', ARGS[3], 'finished_at', text(NOW), 'in_flight', 0)
redis.call('DEL', LEASES, STEPS, RATE)
redis.call('ZREM', ACTIVE, ID)
changed()
return 1
