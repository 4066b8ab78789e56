// An identity provider that lets everybody in, for the test beside this folder. Prints its address once it listens.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const soar = process.env.SOAR_URL;
const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "soar",
        client_secret: process.env.CLIENT_SECRET,
        redirect_uris: [`${soar}/login/sso/callback`],
        post_logout_redirect_uris: [`${soar}/`],
        backchannel_logout_uri: `${soar}/login/sso/back-channel`,
        backchannel_logout_session_required: true,
      },
    ],
    scopes: ["openid", "profile", "groups"],
    claims: { openid: ["sub"], profile: ["preferred_username"], groups: ["groups"] },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // by itself it calls no loopback address
    features: { backchannelLogout: { enabled: true } },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, groups: id === "stranger" ? [] : ["soc"] }),
    }),
  });
  server.on("request", provider.callback());
  console.log(`listening on ${issuer}`);
});
