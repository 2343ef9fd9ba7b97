# Keycloak, made ready for its database beforehand: then it starts at once, and on a root that cannot be written.
ARG KEYCLOAK_IMAGE=quay.io/keycloak/keycloak:26.7.4

FROM ${KEYCLOAK_IMAGE} AS build
ENV KC_DB=postgres KC_HEALTH_ENABLED=true
RUN /opt/keycloak/bin/kc.sh build

FROM ${KEYCLOAK_IMAGE}
COPY --from=build /opt/keycloak/ /opt/keycloak/
USER 1000:1000
STOPSIGNAL SIGTERM
# As keycloak.org recommends for an image without curl.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=5 CMD ["bash", "-c", "{ printf 'HEAD /health/ready HTTP/1.0\\r\\n\\r\\n' >&0; grep -q 'HTTP/1.0 200'; } 0<>/dev/tcp/127.0.0.1/9000"]
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
CMD ["start", "--optimized"]
