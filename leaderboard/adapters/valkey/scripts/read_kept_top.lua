-- Read the copy of the recorded top, and how many the ranking has now: one instant for both.
--
-- KEYS kept top (string: revision, a space, the body), members (sorted set), users (hash), state (hash)
-- Returns a list: the copy (false: none is kept), and the ranking's size (false: it is not whole, see
-- is_whole of listing.lua).
local members, users, state = KEYS[2], KEYS[3], KEYS[4]
return {redis.call('GET', KEYS[1]), is_whole(members, users, state) and redis.call('ZCARD', members)}
