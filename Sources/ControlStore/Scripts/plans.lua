-- Every change of plans and overrides, as one step: checks the precondition, writes, counts the
-- revision, and logs who changed what from what to what. Only this script writes these keys.
--
-- KEYS  1 book (hash), 2 accounts (hash), 3 audit (stream); see
--       Sources/ControlStore/ControlKeys.swift.
-- ARGV  1 operation, 2 who, 3 name (of a plan or an account), 4 precondition ('' none, '-' absent,
--       '*' present, or the revision), 5 the text to store, and the operation's own arguments:
--   put-plan, delete-plan, default    nothing
--   put-override                      6 its plan or '', 7 when it expires in ms or ''
--   delete-override, expire-override  nothing
--   import                            3 digest, 5 default plan, 6 'empty' (only if there are no
--                                     plans) or '', 7... name, text, name, text, ...
--   restore-overrides                 3 '', 5 the revision at which they were read, 6... account,
--                                     text, its plan or '', ...
--   restore                           3 the life to continue or '', 5 default plan, 6 the digest
--                                     imported last or '', 7 the revision that was read last, 8...
--                                     name, text, name, text, ...
-- Returns an array: a word, and with 'done' the revision and 1 if the thing existed before. No key
-- has a time to live: plans stay until somebody deletes them.

local book, accounts, audit = KEYS[1], KEYS[2], KEYS[3]
local operation, who, name, condition, text = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local maximumPlans, maximumOverrides, maximumRows = 1000, 100000, 10000

-- One revision for all changes of a call. It starts at the time in seconds, so that none is used
-- twice if Redis is emptied. `life` distinguishes these keys from those before Redis was emptied.
local revision
local function nextRevision()
    if not revision then
        redis.call('HSETNX', book, 'life', time[1] .. '.' .. time[2])
        redis.call('HSETNX', book, 'revision', time[1])
        revision = redis.call('HINCRBY', book, 'revision', 1)
    end
    return revision
end

-- A text up to this many bytes is logged whole; of a longer one its length and its SHA-1 are
-- logged.
local maximumText = 8192
local function logged_text(text)
    if not text or #text <= maximumText then return text end
    return string.format('{"bytes":%d,"sha1":"%s"}', #text, redis.sha1hex(text))
end

local function record(what, before, after)
    before, after = logged_text(before), logged_text(after)
    local row = { 'XADD', audit, 'MAXLEN', '~', maximumRows, '*', 'who', who, 'what', what }
    if before then row[#row + 1] = 'before'; row[#row + 1] = before end
    if after then row[#row + 1] = 'after'; row[#row + 1] = after end
    redis.call(unpack(row))
end

-- The revision and the text of a field; a text without a revision has '0'.
local function read(key, field)
    local value = redis.call('HGET', key, field)
    if not value then return nil, nil end
    local number, kept = string.match(value, '^(%d+) (.*)$')
    return number or '0', kept or value
end

local function write(key, field, value)
    local number = nextRevision()
    redis.call('HSET', key, field, string.format('%.0f', number) .. ' ' .. value)
end

local function holds(number)
    if condition == '' then return true end
    if condition == '-' then return not number end
    if condition == '*' then return number and true or false end
    return number == condition
end

local function planCount()
    local count = 0
    for _, field in ipairs(redis.call('HKEYS', book)) do
        if string.sub(field, 1, 5) == 'plan ' then count = count + 1 end
    end
    return count
end

-- Counts how many overrides name a plan, so that deleting a plan need not read them all.
local function count(plan, by)
    if plan == '' then return end
    if redis.call('HINCRBY', book, 'accounts ' .. plan, by) <= 0 then
        redis.call('HDEL', book, 'accounts ' .. plan)
    end
end

local function decoded(override)
    local good, value = pcall(cjson.decode, override)
    return good and type(value) == 'table' and value or {}
end

local function planOf(override)
    local plan = decoded(override).plan
    return type(plan) == 'string' and plan or ''
end

-- A default is stored as its name and logged as JSON; a name needs no escapes.
local function quoted(plan) return plan and '"' .. plan .. '"' or nil end

local function setDefault(plan)
    local before = redis.call('HGET', book, 'default')
    if before == plan then return end
    nextRevision()
    redis.call('HSET', book, 'default', plan)
    record('set default', quoted(before), quoted(plan))
end

-- Deletes the oldest quarter of the log if all of it takes more than 16 MiB.
local function shorten()
    local bytes = redis.pcall('MEMORY', 'USAGE', audit, 'SAMPLES', '0')
    if type(bytes) ~= 'number' or bytes <= 2 ^ 24 then return end
    local rows = redis.pcall('XLEN', audit)
    if type(rows) == 'number' then
        redis.pcall('XTRIM', audit, 'MAXLEN', '~', math.floor(rows * 3 / 4))
    end
end

local function done(was)
    if revision then shorten() end
    return { 'done', revision or tonumber(redis.call('HGET', book, 'revision') or 0), was and 1 or 0 }
end

-- Whether Redis has no new plans: there is no default, or everything came with the first import of
-- a process that found nothing.
local function isEmptied()
    if redis.call('HEXISTS', book, 'default') == 0 then return true end
    local fresh = redis.call('HGET', book, 'fresh')
    return fresh and fresh == redis.call('HGET', book, 'revision')
end

-- Restores overrides first, in several calls, for each account that has none by now, then the
-- plans, which end the emptiness. So nothing is lost if several processes write back or one of them
-- dies, and exactly one learns that it did it.
if operation == 'restore-overrides' then
    if not isEmptied() then return { 'begun' } end
    local room = maximumOverrides - redis.call('HLEN', accounts)
    for i = 6, #ARGV, 3 do
        if room > 0 and redis.call('HSETNX', accounts, ARGV[i], text .. ' ' .. ARGV[i + 1]) == 1 then
            room = room - 1
            count(ARGV[i + 2], 1)
        end
    end
    return { 'done', tonumber(text), 0 }
end

-- A text that was imported meanwhile, and is not the one imported last, replaces what is written
-- back, as it would have replaced the plans before.
if operation == 'restore' then
    if not isEmptied() then return { 'begun' } end
    local fresh = redis.call('HGET', book, 'fresh')
    local imported = redis.call('HGET', book, 'imported')
    local isNew = imported and imported ~= 'built-in' and imported ~= ARGV[6]
    local at = tonumber(redis.call('HGET', book, 'revision') or 0)
    if at < tonumber(ARGV[7]) then redis.call('HSET', book, 'revision', ARGV[7]) end
    local room, plans = maximumPlans - planCount(), 0
    for i = 8, #ARGV, 2 do
        local number = read(book, 'plan ' .. ARGV[i])
        if not number then room = room - 1 end
        if (not number and room >= 0) or (number and number == fresh and not isNew) then
            write(book, 'plan ' .. ARGV[i], ARGV[i + 1])
            plans = plans + 1
        end
    end
    nextRevision()
    if not isNew then
        redis.call('HSET', book, 'default', text)
        if ARGV[6] ~= '' then redis.call('HSET', book, 'imported', ARGV[6]) end
    end
    if name ~= '' then redis.call('HSET', book, 'life', name) end
    redis.call('HDEL', book, 'fresh')
    record('restore', nil, string.format('{"default":%s,"overrides":%d,"plans":%d}',
        quoted(redis.call('HGET', book, 'default')), redis.call('HLEN', accounts), plans))
    return done(false)
end

if operation == 'import' then
    local isFirst = redis.call('HEXISTS', book, 'default') == 0
    -- Only the last word counts: earlier versions kept up to 100 digests, the latest last.
    local last = string.match(redis.call('HGET', book, 'imported') or '', '(%S+)$')
    if last == name then return { 'imported' } end
    if ARGV[6] == 'empty' and not isFirst then return { 'imported' } end
    local new = 0
    for i = 7, #ARGV, 2 do new = new + 1 - redis.call('HEXISTS', book, 'plan ' .. ARGV[i]) end
    if planCount() + new > maximumPlans then return { 'full' } end
    for i = 7, #ARGV, 2 do
        local _, before = read(book, 'plan ' .. ARGV[i])
        if before ~= ARGV[i + 1] then
            write(book, 'plan ' .. ARGV[i], ARGV[i + 1])
            record('put plan ' .. ARGV[i], before, ARGV[i + 1])
        end
    end
    setDefault(text)
    nextRevision()
    redis.call('HSET', book, 'imported', name)
    if isFirst then redis.call('HSET', book, 'fresh', string.format('%.0f', revision)) end
    record('import ' .. name, nil, quoted(text))
    return done(false)
end

if operation == 'default' then
    if redis.call('HEXISTS', book, 'plan ' .. name) == 0 then return { 'plan' } end
    setDefault(name)
    return done(true)
end

local isPlan = operation == 'put-plan' or operation == 'delete-plan'
local key, field = accounts, name
if isPlan then key, field = book, 'plan ' .. name end
local number, before = read(key, field)
if not holds(number) then return { 'condition' } end

if operation == 'put-plan' then
    if before == text then return { 'done', tonumber(number), 1 } end
    if not number and planCount() >= maximumPlans then return { 'full' } end
    write(key, field, text)
    record('put plan ' .. name, before, text)
    return done(number)
end

if operation == 'put-override' then
    local plan, expires = ARGV[6], ARGV[7]
    if plan ~= '' and redis.call('HEXISTS', book, 'plan ' .. plan) == 0 then return { 'plan' } end
    if expires ~= '' and tonumber(expires) <= now then return { 'past' } end
    if before == text then return { 'done', tonumber(number), 1 } end
    if not number and redis.call('HLEN', accounts) >= maximumOverrides then return { 'full' } end
    write(key, field, text)
    if number then count(planOf(before), -1) end
    count(plan, 1)
    record('put override ' .. name, before, text)
    return done(number)
end

if not number then return { 'absent' } end

if operation == 'delete-plan' then
    if redis.call('HGET', book, 'default') == name then return { 'default' } end
    local users = tonumber(redis.call('HGET', book, 'accounts ' .. name) or 0)
    if users > 0 then return { 'accounts', users } end
    nextRevision()
    redis.call('HDEL', key, field)
    record('delete plan ' .. name, before, nil)
    return done(true)
end

local verb = 'delete'
if operation == 'expire-override' then
    local expires = decoded(before).expiresAt
    if type(expires) ~= 'number' or expires > now then return { 'early' } end
    verb = 'expired'
end
nextRevision()
redis.call('HDEL', key, field)
count(planOf(before), -1)
record(verb .. ' override ' .. name, before, nil)
return done(true)
