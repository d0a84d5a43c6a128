#!/bin/bash
# Apache Kafka in /opt/kafka, run by the user kafka on Java 17.
#   KAFKA_VERSION, KAFKA_CHECKSUM, KAFKA_DOWNLOAD_BASE
# shellcheck source=packer/scripts/lib.sh
. "${INSTALL_LIB:-/tmp/bench-install-lib.sh}"

case $(install_system) in
  amazon) install_packages java-17-amazon-corretto-headless ;;
  debian) install_packages openjdk-17-jre-headless ;;
esac

install_user kafka /var/lib/kafka
archive=kafka_2.13-$KAFKA_VERSION.tgz
install_download "$KAFKA_DOWNLOAD_BASE/$KAFKA_VERSION/$archive" "$KAFKA_CHECKSUM" "/opt/$archive" \
  "https://archive.apache.org/dist/kafka/$KAFKA_VERSION/$archive.sha512"
install_unpack "/opt/$archive" /opt/kafka
ls /opt/kafka/libs/kafka_*.jar >/dev/null
