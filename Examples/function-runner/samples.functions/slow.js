// Takes ?ms=... milliseconds, or half a second.

exports.main = async (context, sendResponse) => {
    const ms = Number(context.params.ms?.[0] ?? 500);
    console.log(`waits ${ms} ms of the account's ${context.limits.timeRemaining} ms`);
    await new Promise((resolve) => setTimeout(resolve, ms));
    sendResponse({ body: { waitedMs: ms } });
};
