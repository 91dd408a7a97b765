# One container: the site, the model and a ready index of our own handbook are inside the program.
#
#   docker build -t rag-chatbot .
#   docker run -p 8080:8080 -v rag-chatbot:/var/lib/rag-chatbot rag-chatbot
#   docker run … -v ./docs:/docs:ro -e RAG_DATA=/docs rag-chatbot      (your documentation)
#
# The stages: `site` builds the documentation, `program` compiles, `root` lays out the files of the
# image, `binary` hands out the program alone, and the last one is the image. The last one runs
# nothing, so tests/deploy/image.test.mjs builds it alone from a program that is there already.

FROM node:20.20-bookworm AS site
WORKDIR /src
COPY Makefile ./
COPY docs docs
RUN make site

FROM rust:1.95.0-bookworm AS program
WORKDIR /src
COPY . .
COPY --from=site /src/docs/.demo docs/.demo
RUN make demo-binary

FROM program AS root
RUN deploy/image/layout target/release/rag-chatbot /image

FROM scratch AS binary
COPY --from=program /src/target/release/rag-chatbot /

FROM scratch AS image
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="rag-chatbot" \
      org.opencontainers.image.description="Turns a folder of documentation into a site you can talk to" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.source="${SOURCE}"
COPY --from=root /image/system/ /
COPY --from=root --chown=65532:65532 /image/state/ /var/lib/rag-chatbot/
ENV RAG_LISTEN=0.0.0.0:8080 RAG_STATE=/var/lib/rag-chatbot RAG_LOG_FORMAT=json \
    RAG_METRICS_LISTEN=0.0.0.0:9464
USER 65532:65532
EXPOSE 8080
# Figures alone, for Prometheus beside it; not for the world.
EXPOSE 9464
VOLUME ["/var/lib/rag-chatbot"]
# It asks whether the process answers; readiness (/readyz) is for whoever sends readers.
HEALTHCHECK --interval=30s --timeout=6s --start-period=60s --retries=3 CMD ["/usr/bin/rag-chatbot", "health"]
# Streams that run are finished within 25 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/bin/rag-chatbot"]
CMD ["serve"]
