-- One call: what comes, what goes back, and the usual account, which is answered here.
--
-- KEYS     the page of each account of this call: a hash. Its fields: '', the page's own (page.lua); a window's name, which
--          contains a colon (window.lua); an execution id, which contains none (holds.lua).
-- ARGV[1]  the clock in ms as text, for tests; empty: the server's own TIME, read once. A blank in front: accounts that are new are
--          refused (admit.lua).
-- ARGV[2]  packed, little-endian; per plan, and there it begins again until there are no more accounts:
--            1 byte number of accounts under it, 1 byte number of windows, 1 byte number of limits
--            double the least amount of a limit on executions, double on execution time (2^53: there is none)
--              per window:   4 bytes length in ms, 2 bytes cells, 1 byte length of its name, its name
--              per limit:    1 byte index of its window (from 1), 1 byte meter (0 executions, 1 execution time), double amount
--            per account:    1 byte number of questions, at least one, 1 byte how many of their ids may be held
--              per question: 1 byte what (0 admit, 1 admit with an id made for this ask, 2 settle, 3 peek),
--                            1 byte where in ARGV the label of what is to run stands (0: it has none), of a settlement the outcome,
--                            double duration asked or used in ms, double the least that must be left in ms, of a settlement
--                            the memory (both as they are logged: log.lua)
-- ARGV[3] and on: per account the execution ids, in the order of their questions: first those that may be held, then the others,
--          which are empty for a peek; behind all of them the labels (holds.lua), each once.
-- Returns one packed string; per question, in order:
--            1 byte verdict (0 held, 1 admitted, 2 denied, 3 settled, 4 not held, 5 peeked, 6 nothing was done because the
--            page holds something else than it should, 8 admitted to an account that was new, 9 refused because it is; 64 more in the
--            first of an account of which a window began anew, because the clock was set back), 3 doubles that depend on it,
--            per window: double executions, double ms, double ms until the oldest cell leaves (-1: nothing counts),
--            of a settlement: 6 bytes admitted at, 6 bytes granted ms, 2 bytes length of its label, its label
--          and behind them, where rows of a log could not be written: the byte 7, 1 byte how many (at most 255)
-- All questions about an account are answered as if each had come alone, in order; they share one now. Everything that
-- can fail on a damaged page is read before anything of it is written.
--
-- The usual account is under a plan with one window, whose newest cell stays; it settles an execution, or
-- asks for one that is not held, or for some with ids of their own that all fit. It is answered in this loop, from locals, at
-- half of what window.lua to answer.lua take for it, and with the same result; what is said in brackets is where the same stands
-- there. Those answer every other account. They are functions within make_answer, made when the first such account of a call
-- comes, because functions and what they capture cost every call that makes them more than they do there.

local pack, unpack_struct, call, args = struct.pack, struct.unpack, redis.call, ARGV[2]
local clock = tonumber(ARGV[1])
if not clock then
  local time = call('TIME')
  clock = time[1] * 1000 + math.floor(time[2] / 1000)
end
-- A cell without executions, as it is kept in a block (window.lua).
local empty = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
-- answers: in the order of the questions. id: where in ARGV those of the account at hand begin. set: fields and values to write,
-- flat. Lists that are made with room need not grow in the usual call.
local answers, answer_count, id, position, set, answer_account, log_write = { '' }, 0, 3, 1, { '', '', '', '' }, nil, nil
-- The plan at hand: where it stands in args, and how many accounts are still to come under it; what the usual account needs of
-- it: where its limits stand, the shape of its only window as it stands there, and the longest that a charge stays. And what the
-- last hold was made of, and became, because most are alike.
local plan, accounts = 1, 0
local window_count, limit_count, most_executions, most_ms, length, cells, name, limits, shape, stay
local hold, hold_grant, hold_expires, hold_label

for i = 1, #KEYS do
  if accounts == 0 then
    plan = position
    accounts, window_count, limit_count, most_executions, most_ms, length, cells, name, position =
      unpack_struct('<BBBddI4I2Bc0', args, plan)
    shape, stay, hold_grant = string.sub(args, plan + 19, plan + 24), length + math.ceil(length / cells), nil
    for _ = 2, window_count do position = position + 7 + string.byte(args, position + 6) end
    limits, position = position, position + 10 * limit_count
  end
  local key, count, held_count, what, label, duration, needed, at = KEYS[i], unpack_struct('<BBBBdd', args, position)
  local is_answered, found, row = false, nil, nil
  repeat
    -- Whatever is not usual ends here, before anything is written.
    if window_count > 1 or held_count > 0 and count > 1 then break end
    if held_count == 0 then
      found = redis.pcall('HMGET', key, '', name)
    else
      found = redis.pcall('HMGET', key, '', name, ARGV[id])
    end
    local own, state, held = found[1], found[2], found[3]
    if not own or not state or #own < 8 or #own > 200 or #state < 72 or #state > 282 then break end
    local lives_until = unpack_struct('<d', own)
    local seen, executions, ms, latest, new_executions, new_ms, old_latest, old_executions, old_ms =
      unpack_struct('<ddddddddd', state)
    -- The page is in order, something counts, and the clock did not step back (window_load, page_load).
    if not (lives_until >= 0 and lives_until < 17592186044416 and seen <= clock and clock <= 8796093022208
      and latest >= 0 and latest <= seen and old_latest >= 0 and old_latest <= seen and executions > 0
      and latest % 1 + executions % 1 + ms % 1 + new_executions % 1 + new_ms % 1
        + old_latest % 1 + old_executions % 1 + old_ms % 1 == 0
      and executions + ms + new_executions + new_ms + old_executions + old_ms < 9007199254740992) then break end
    local is_alone = executions == new_executions
    local tail, new, n, leaving = #state > 72 and string.sub(state, 73) or '', latest * cells / length, 2, 0
    new = new - new % 1
    if (is_alone and latest or old_latest) + length <= clock then
      -- Cells leave, and the oldest of those that stay lies in the block behind the first that leaves (window_advance,
      -- window_walk, block_get).
      if is_alone or latest + length <= clock then break end
      local number, block, skip = old_latest * cells / length, tail, 1
      number = number - number % 1 + 1
      local first, oldest = number - number % 16, latest
      if first == new - new % 16 then
        if #tail ~= 14 * (new % 16) then break end
      else
        block, skip = redis.pcall('HGET', key, name .. ':' .. first / 16 % math.ceil(cells / 16)), 9
        if not block or #block ~= 232 or unpack_struct('<d', block) ~= first / 16 then break end
      end
      executions, ms, leaving = executions - old_executions, ms - old_ms, 1
      for at = number - first, math.min(15, new - 1 - first) do
        local cell_executions, cell_ms, offset = unpack_struct('<I4I6I4', block, 14 * at + skip)
        if cell_executions > 0 then
          oldest, old_executions, old_ms = math.ceil((first + at) * length / cells) + offset, cell_executions, cell_ms
          if oldest + length > clock then break end
          executions, ms, oldest = executions - cell_executions, ms - cell_ms, latest
        end
      end
      is_alone = executions == new_executions
      if not is_alone and oldest == latest then break end
      old_latest = oldest
    end
    -- The sums are those of the cells, and the oldest lies before the newest, within the window (window_check).
    if is_alone then
      if ms ~= new_ms then break end
    elseif not (new_executions > 0 and new_ms >= 0 and old_executions > 0 and old_ms >= 0
      and new_executions + old_executions <= executions and new_ms + old_ms <= ms
      and latest < old_latest + length and old_latest * cells / length < new) then break end
    if what == 2 then
      -- It is held, was charged to this window alone, and can wait to be deleted with others (settle, page_store).
      if not held or #held < 24 or #held > 1024 or string.sub(held, 19, 24) ~= shape
        or #held > 24 and string.byte(held, 28) ~= 255 or #own + #ARGV[id] > 199 then break end
      local admitted, granted, expires = unpack_struct('<I6I6I6', held)
      -- Its cell is the newest or the oldest (window_correct).
      local number, old, before, after = admitted * cells / length, old_latest * cells / length, nil, nil
      number = number - number % 1
      local is_newest = number == new
      if expires <= clock or granted > 2678400000 or admitted > 8796093022208
        or not is_newest and (is_alone or number ~= old - old % 1) then break end
      before = is_newest and new_ms or old_ms
      after = math.min(math.max(before + duration - granted, 0), 8796093022207)
      if is_newest then new_ms = after else old_ms = after end
      ms = ms + after - before
      local ran = string.sub(held, 25)
      answers[answer_count + 1] = pack('<BddddddI6I6I2c0', 3, duration, math.max(0, granted - duration),
        math.max(0, duration - granted), executions, ms, (is_alone and latest or old_latest) + length - clock,
        admitted, granted, #ran, ran)
      -- log_row
      if log_rows and ran ~= '' then
        row = pack('<BI6I4I4I7Bc0c0', label, admitted, granted, duration, needed, #ARGV[id], ARGV[id], ran)
      end
      set[3], set[4], set[5], set[6], n = ARGV[id], '', '', own .. ARGV[id] .. ' ', 6
    elseif count == 1 and (most_ms - ms < needed or executions >= most_executions) then
      -- A denial of what is not held, unless cells must be walked to say when it fits (admit, window_fits).
      if what == 3 or held then break end
      local violated, fits, ever = 0, clock, true
      for limit = 0, limit_count - 1 do
        local meter, amount = unpack_struct('<Bd', args, limits + 10 * limit + 1)
        local used, ask, old = executions, 1, old_executions
        if meter == 1 then used, ask, old = ms, needed, old_ms end
        if amount - used < ask then
          violated = violated + 2 ^ limit
          if ask > amount then
            ever = false
          elseif is_alone then
            fits = math.max(fits, latest + length)
          elseif used + ask - amount <= old then
            fits = math.max(fits, old_latest + length)
          else
            fits = math.huge
          end
        end
      end
      if fits == math.huge then break end
      answers[answer_count + 1] = pack('<Bdddddd', 2, ever and fits - clock or -1, violated, 0, executions, ms,
        (is_alone and latest or old_latest) + length - clock)
      n = 2 * leaving
    else
      local number = clock * cells / length
      number = number - number % 1
      if number > new then
        -- A cell opens, in the block of the one before (window_open).
        local first = number - number % 16
        if is_alone then
          old_latest, old_executions, old_ms, is_alone = latest, new_executions, new_ms, false
          tail = string.rep(empty, number - first)
        elseif new >= first and #tail == 14 * (new % 16) then
          tail = tail .. pack('<I4I6I4', new_executions, new_ms, latest - math.ceil(new * length / cells))
          if number > new + 1 then tail = tail .. string.rep(empty, number - new - 1) end
        else
          break
        end
        new_executions, new_ms = 0, 0
      end
      latest = clock
      local leaves, left = is_alone and length or old_latest + length - clock, count
      -- Asks that nothing is held for. They fit (admit), and are charged (window_charge).
      while what == 1 or what == 0 and not held do
        local most = most_ms - ms
        if most < needed or executions >= most_executions then break end
        if duration > most then duration = most end
        if duration ~= hold_grant or label ~= hold_label then
          hold_grant, hold_label, hold_expires = duration, label, clock + math.max(stay, duration + 30000)
          hold = pack('<I6I6I6c0c0', clock, duration, hold_expires, shape, ARGV[label] or '')
        end
        executions, ms, new_executions, new_ms = executions + 1, ms + duration, new_executions + 1, new_ms + duration
        if hold_expires > lives_until or new_executions > 4294967295 or new_ms > 8796093022207 then break end
        set[n + 1], set[n + 2] = ARGV[id + count - left], hold
        n, left = n + 2, left - 1
        answers[answer_count + count - left] = pack('<Bdddddd', 1, duration, clock, 0, executions, ms, leaves)
        if left == 0 then break end
        what, label, duration, needed, at = unpack_struct('<BBdd', args, at)
      end
      if left > 0 then break end
    end
    if n > 0 then
      set[1], set[2] = name, pack('<dddddddddc0', clock, executions, ms, latest, new_executions, new_ms,
        old_latest, old_executions, old_ms, tail)
      call('HSET', key, unpack(set, 1, n))
    end
    -- page_store
    if row then
      local log = key .. ':log'
      local written = redis.pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', log_rows, '*', '', row)
      if not written then
        if not log_write then answer_account, log_write = make_answer(clock, args, answers) end
        written = log_write(log, row, string.format('%d', 7776000000 + lives_until - clock))
      end
      if not written or written.err then answers.lost = (answers.lost or 0) + 1 end
    end
    is_answered = true
  until true
  if not is_answered then
    if not answer_account then answer_account, log_write = make_answer(clock, args, answers) end
    answer_account(plan, key, position + 2, count, held_count, id, answer_count, found)
  end
  accounts, answer_count, id, position = accounts - 1, answer_count + count, id + count, position + 2 + 18 * count
end
if answers.lost then
  answer_count = answer_count + 1
  answers[answer_count] = '\7' .. string.char(math.min(answers.lost, 255))
end
return answer_count == 1 and answers[1] or table.concat(answers)
