-- KEYS: the lock. ARGV: my token, life (ms). Takes a free lock or renews my own; answers 1 if I lead.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
