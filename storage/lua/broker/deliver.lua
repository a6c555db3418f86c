-- KEYS: unacked_index, unacked. ARGS: time, delivery tag, message. Records a delivered message, atomically.
redis.call('ZADD', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
