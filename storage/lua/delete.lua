-- Removes the record and every trace of it in the indices.
for i = COUNT + 1, #KEYS do redis.call('ZREM', KEYS[i], ID) end
redis.call('DEL', JOB)
redis.call('PUBLISH', CHANNEL, ID)
return 1
