// Sets two cookies and redirects the caller.

const { createHmac } = require("node:crypto");

exports.main = (context, sendResponse) => {
    const user = String(context.body?.user ?? "nobody");
    const session = createHmac("sha256", process.env.SESSION_KEY).update(user).digest("hex").slice(0, 16);
    sendResponse({
        statusCode: 302,
        headers: { Location: "/orders" },
        multiValueHeaders: { "Set-Cookie": [`user=${encodeURIComponent(user)}`, `session=${session}; HttpOnly`] },
    });
};
