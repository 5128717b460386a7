-- Gives the lease of a stream back. KEYS: the lease. ARGV: whose it is.
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
