-- KEYS: unacked_index, unacked. ARGS: delivery tag. Removes a delivered message, atomically.
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('HDEL', KEYS[2], ARGV[1])
