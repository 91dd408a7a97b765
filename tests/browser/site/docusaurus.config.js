// A Docusaurus project in two languages, as small as the tests need it. It is read, never built.
module.exports = {
  title: "Robot notes",
  url: "https://robots.example",
  baseUrl: "/",
  i18n: {
    defaultLocale: "en",
    locales: ["en", "ur"],
    localeConfigs: { ur: { direction: "rtl" } },
  },
  presets: [["classic", { docs: {} }]],
};
