-- ARGS: round, codes, grace_s. Starts round `round` of a completed dataset. Answers the state afterwards and
-- whether the round started (1, also when the same call is sent twice).
local state = get('state')
if not state then return {} end
if number('round') == tonumber(ARGS[1]) and state == 'planning' then return {state, 1} end
if state ~= 'completed' or number('round') ~= tonumber(ARGS[1]) - 1 then return {state, 0} end
redis.call('HSET', RECORD, 'state', 'planning', 'round', ARGS[1], 'retry_codes', ARGS[2])
redis.call('HSET', RECORD, 'planned', 0, 'gate', 0, 'summarized', 0)
redis.call('HDEL', RECORD, 'finished_at')
redis.call('ZADD', ACTIVE, text(NOW), ID)
lease('plan', tonumber(ARGS[3]))
changed()
return {'planning', 1}
