-- KEYS: the lock. ARGV: my token. Frees the lock only if it is mine.
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
