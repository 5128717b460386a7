-- Takes or keeps the lease of a stream. KEYS: the lease, the stream, what is known of it. ARGV: whose it is to be, for how many
-- milliseconds, the group, 32 random hexadecimal digits. Answers with the stream's name, its mark, the position of its next
-- point, its bytes and how many entries were removed; nothing if another process has the lease.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return {} end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('HSETNX', KEYS[3], 'id', ARGV[4])
if not owner then redis.pcall('XGROUP', 'CREATE', KEYS[2], ARGV[3], '0', 'MKSTREAM') end
local known = redis.call('HMGET', KEYS[3], 'id', 'mark', 'next', 'bytes', 'removed')
return { known[1], known[2] or '1', known[3] or '1', known[4] or '0', known[5] or '0' }
