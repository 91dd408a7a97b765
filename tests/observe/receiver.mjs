/**
 * Where notifications arrive: the addresses of PagerDuty (events, version 2), Opsgenie (alerts, version 2)
 * and a Slack webhook, and a mail server, on loopback. It keeps what it is told.
 */

import { createServer as createHttp } from "node:http";
import { createServer as createTcp } from "node:net";
import { once } from "node:events";

export async function startReceiver() {
  const receiver = {
    /** @type {{to: "pagerduty"|"opsgenie"|"slack", path: string, headers: object, body: any}[]} */
    calls: [],
    /** Texts of mails, newest last. */
    mails: [],
    close() {
      http.closeAllConnections();
      http.close();
      smtp.close();
    },
  };

  const http = createHttp(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    const path = new URL(request.url, "http://receiver").pathname;
    const to = path.startsWith("/v2/enqueue") ? "pagerduty" : path.startsWith("/v2/alerts") ? "opsgenie" : "slack";
    receiver.calls.push({ to, path, headers: request.headers, body: JSON.parse(body) });
    response.writeHead(to === "slack" ? 200 : 202, { "content-type": "application/json" });
    response.end(to === "slack" ? "ok" : JSON.stringify({ status: "success", message: "taken", dedup_key: "1", requestId: "1" }));
  });
  http.listen(0, "127.0.0.1");
  await once(http, "listening");

  // As much of SMTP as it takes to be given a mail: RFC 5321, and PLAIN of RFC 4954.
  const smtp = createTcp((socket) => {
    let rest = "";
    let mail;
    socket.setEncoding("utf8");
    socket.on("error", () => undefined);
    socket.write("220 receiver ESMTP\r\n");
    socket.on("data", (text) => {
      rest += text;
      for (let end = rest.indexOf("\r\n"); end >= 0; end = rest.indexOf("\r\n")) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (mail !== undefined) {
          if (line !== ".") mail += `${line.replace(/^\.\./, ".")}\n`;
          else {
            receiver.mails.push(mail);
            mail = undefined;
            socket.write("250 taken\r\n");
          }
        } else if (/^EHLO/i.test(line)) socket.write("250-receiver\r\n250 AUTH PLAIN\r\n");
        else if (/^AUTH PLAIN/i.test(line)) socket.write("235 welcome\r\n");
        else if (/^DATA/i.test(line)) {
          mail = "";
          socket.write("354 go on\r\n");
        } else if (/^QUIT/i.test(line)) socket.end("221 bye\r\n");
        else socket.write("250 well\r\n");
      }
    });
  });
  smtp.listen(0, "127.0.0.1");
  await once(smtp, "listening");

  receiver.url = `http://127.0.0.1:${http.address().port}`;
  receiver.mail = `127.0.0.1:${smtp.address().port}`;
  return receiver;
}
