-- One call of the ledger: answers questions about accounts next to their data. This file holds the
-- contract, the rule, and the loop over the accounts. usual.lua answers usual accounts, answer.lua
-- all others.
--
-- KEYS     the account ledger of each account: a hash. Its fields: '', the account ledger's own
--          (account.lua); a window's name, which contains a colon (window.lua); an execution id,
--          which contains none (holds.lua).
-- ARGV[1]  the clock in ms as text, for tests. Empty: the server's own TIME, read once. With a
--          blank in front, new accounts are refused (admit.lua).
-- ARGV[2]  packed, little-endian. For each plan, until there are no more accounts:
--            1 byte number of its accounts, 1 byte number of windows, 1 byte number of limits,
--            double the least amount of a limit on executions, double on execution time (2^53:
--            there is none);
--            per window: 4 bytes length in ms, 2 bytes cells, 1 byte length of its name, its name;
--            per limit: 1 byte index of its window (from 1), 1 byte meter (EXECUTIONS_METER or
--            EXECUTION_TIME), double amount;
--            per account: 1 byte number of questions (at least one), 1 byte how many of their ids
--            may be held;
--            per question of an account:
--              1 byte what: ADMIT, ADMIT_FRESH (its id was made for this ask), SETTLE, PEEK;
--              1 byte index in ARGV of the label of what runs (0: no label); for a settlement the
--              outcome;
--              double duration asked or used, in ms;
--              double the least time that must be left, in ms; for a settlement the memory
--              (log.lua).
-- ARGV[3]  and on: per account the execution ids in the order of its questions. Ids that may be
--          held come first, then the others, which are empty for a peek. After all ids: the labels
--          (holds.lua), each once.
--
-- Returns  one packed string. Per question, in order:
--            1 byte verdict: HELD, ADMITTED, DENIED, SETTLED, NOT_HELD, PEEKED, DAMAGED (the
--            account ledger is damaged, so nothing was done), ADMITTED_NEW and DENIED_NEW (the
--            same, and the account was new), REFUSED_NEW (the account is new); RESTART_MARK is
--            added to the first verdict of an account of which a window restarted because the clock
--            was set back;
--            3 doubles that depend on the verdict (admit.lua, settle.lua);
--            per window: double executions, double ms, double ms until the oldest cell leaves (-1:
--            nothing counts);
--            for a settlement: 6 bytes admitted at, 6 bytes granted ms, 2 bytes length of its
--            label, its label.
--          Then, if rows of a log could not be written: the byte LOST_ROWS, 1 byte how many (at
--          most 255).
--
-- The questions about an account are answered as if each had come alone, in order. They share one
-- now. The script reads everything that can fail on a damaged account ledger before it writes any
-- of it.
--
-- Names in capitals are numbers: ScriptText.swift replaces them when it makes the text.
--
-- The rule, as Accounting/Rule/SlidingWindow.swift has it in Swift:
--
--  1. `now` is the ledger's clock, read once per call. A window's time never goes back: while the
--     clock is behind, it stands still. If the clock is behind by more than `W + W / N`, the window
--     restarts, with all its charges made now.
--  2. An execution is charged at the instant of its admission: 1 execution, and its grant in ms.
--  3. A charge made at `a` counts at every `t` with `a <= t < a + W`. At exactly `W` it is outside.
--  4. Charges are kept in cells of width `W / N`. A cell counts whole until its latest charge is
--     `W` old: exact while a cell holds one charge, strict always, late by less than one cell.
--  5. An ask is admitted if `used + ask <= amount` for every limit. All are charged, or none.
--  6. If less time is left than asked, but at least the minimum, the grant is what is left.
--  7. Settling replaces the grant by the actual duration, in the cell of admission, if that cell
--     still counts and its window did not restart since.
--  8. A settle repeated changes nothing. An admit repeated while its id is held is the same grant.
--  9. A hold that is never settled expires by itself. Its charge leaves with the window.
-- 10. `retryAfterMs` is the earliest time until the same ask fits. Above a limit's amount it never
--     does.
--
-- make_answer makes the functions that answer accounts which are not usual, when a call meets its
-- first such account. Functions and what they capture cost every call that makes them more than the
-- usual path takes.

local pack, unpack_struct, call, args = struct.pack, struct.unpack, redis.call, ARGV[2]
--- @include clock.lua
-- A cell without executions, as a block keeps it (window.lua).
local empty = '\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
-- answers: in the order of the questions. id: where the ids of the account at hand begin in ARGV.
-- set: fields and values to write, flat. A list that is made with room does not grow in the usual
-- call.
local answers, answer_count, id, position, set, answer_account, log_write =
  { '' }, 0, 3, 1, { '', '', '', '' }, nil, nil
-- The plan at hand: where it begins in args, and how many more accounts come under it. What the
-- usual account needs of it: where its limits begin, the packed shape of its only window, and the
-- longest time that a charge stays. hold_...: the parts of the last hold and its bytes, because
-- most holds are alike.
local plan, accounts = 1, 0
local window_count, limit_count, most_executions, most_ms, length, cells, name, limits, shape, stay
local hold, hold_grant, hold_expires, hold_label

for i = 1, #KEYS do
  if accounts == 0 then
    plan = position
    accounts, window_count, limit_count, most_executions, most_ms, length, cells, name, position =
      unpack_struct('<BBBddI4I2Bc0', args, plan)
    shape, stay, hold_grant =
      string.sub(args, plan + 19, plan + 24), length + math.ceil(length / cells), nil
    for _ = 2, window_count do position = position + 7 + string.byte(args, position + 6) end
    limits, position = position, position + 10 * limit_count
  end
  local key, count, held_count, what, label, duration, needed, at =
    KEYS[i], unpack_struct('<BBBBdd', args, position)
  local is_answered, found, row = false, nil, nil
  repeat
    --- @include usual.lua
  until true
  if not is_answered then
    if not answer_account then answer_account, log_write = make_answer(clock, args, answers) end
    answer_account(plan, key, position + 2, count, held_count, id, answer_count, found)
  end
  accounts, answer_count, id, position =
    accounts - 1, answer_count + count, id + count, position + 2 + 18 * count
end
if answers.lost then
  answer_count = answer_count + 1
  answers[answer_count] = '\LOST_ROWS' .. string.char(math.min(answers.lost, 255))
end
return answer_count == 1 and answers[1] or table.concat(answers)
