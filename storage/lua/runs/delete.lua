-- Removes the dataset and every trace of it.
redis.call('DEL', RECORD, LEASES, STEPS, DONE, RATE)
redis.call('ZREM', ACTIVE, ID)
redis.call('PUBLISH', CHANNEL, ID)
return 1
