-- KEYS: the calls, their tries. ARGV: id, when the call was due. Removes it, unless another was scheduled
-- while it was made: then that one stays, with all its tries. Answers 1 if nothing is due any more.
redis.call('HDEL', KEYS[2], ARGV[1])
local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
if due and tonumber(due) ~= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return 1
