-- ARGS: step, token, item's place in the shard. Says which item is about to be touched, alone, so that it
-- is known if it brings the worker down. Answers 1 if the caller holds the step.
if about(ARGS[1], 'holder') ~= ARGS[2] then return 0 end
redis.call('HSET', STEPS, ARGS[1] .. ':suspect', ARGS[3])
return 1
