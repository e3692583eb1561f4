-- What stands before our script when redis-benchmark calls it: redis-benchmark cannot send NUL bytes, so the packed
-- argument stands in the text (twin.py fills it in), and the keys are made of the account's name, which it draws. The keys
-- that the service and this leave behind are compared before anything is measured.
-- KEYS[1] account. ARGV[1] id.
local account, id = KEYS[1], ARGV[1]
local KEYS = { 'stint:{' .. account .. '}:x', 'stint:{' .. account .. '}:w:60000:60' }
local ARGV = { '', '@PACKED@', '', id }
