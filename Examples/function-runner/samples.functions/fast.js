// Responds at once with what is left.

exports.main = (context, sendResponse) => {
    sendResponse({ body: { greeting: `${process.env.GREETING}, ${context.accountId}`, limits: context.limits } });
};
