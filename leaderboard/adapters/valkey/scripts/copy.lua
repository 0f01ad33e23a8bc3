-- Read the copy of the recorded top, and how many the ranking has now.
--
-- KEYS copy (string: revision, a space, the body), order (sorted set), users (hash), state (hash)
-- Returns the copy and the ranking's size; false in the place of a copy that is not kept, and of the
-- size of a ranking that is not whole (is_whole of stretch.lua, which stands before this script).
local order, users, state = KEYS[2], KEYS[3], KEYS[4]
return {redis.call('GET', KEYS[1]), is_whole(order, users, state) and redis.call('ZCARD', order)}
