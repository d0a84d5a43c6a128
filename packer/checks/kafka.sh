# shellcheck shell=bash
expect 'Java 17 or newer' java_17
expect "Kafka $CHECK_VERSION" any_file /opt/kafka/libs/kafka-clients-"$CHECK_VERSION".jar
