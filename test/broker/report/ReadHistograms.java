import java.io.File;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;

/**
 * What HdrHistogram's own library reads in our files, as lines on stdout.
 * `log FILE`: of each interval `START END COUNT VALUES…`, then `sum COUNT VALUES…` (values at PERCENTILES, the largest last).
 * `distribution FILE ENCODED`: each row of a .hgrm is looked up in the histogram; `rows N`, or an error that tells the row.
 */
public class ReadHistograms {
  static final double[] PERCENTILES = {0, 50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100};
  static final double MICROS_PER_UNIT = 1000.0;

  public static void main(String[] arguments) throws Exception {
    Locale.setDefault(Locale.ROOT);
    switch (arguments[0]) {
      case "log" -> readLog(new File(arguments[1]));
      case "distribution" -> readDistribution(Path.of(arguments[1]), Path.of(arguments[2]));
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  static void readLog(File file) throws Exception {
    Histogram sum = new Histogram(3);
    try (HistogramLogReader reader = new HistogramLogReader(file)) {
      for (EncodableHistogram next; (next = reader.nextIntervalHistogram()) != null; ) {
        Histogram histogram = (Histogram) next;
        sum.add(histogram);
        long lengthMs = histogram.getEndTimeStamp() - histogram.getStartTimeStamp();
        System.out.println("interval " + lengthMs + " " + figures(histogram));
      }
    }
    System.out.println("sum 0 " + figures(sum));
  }

  static String figures(Histogram histogram) {
    StringBuilder line = new StringBuilder().append(histogram.getTotalCount());
    for (double percentile : PERCENTILES) line.append(' ').append(histogram.getValueAtPercentile(percentile));
    return line.append(' ').append(histogram.getMaxValue()).toString();
  }

  static void readDistribution(Path file, Path encoded) throws Exception {
    byte[] bytes = Base64.getDecoder().decode(Files.readString(encoded).trim());
    Histogram histogram = Histogram.decodeFromCompressedByteBuffer(ByteBuffer.wrap(bytes), 0);
    List<String> wrong = new ArrayList<>();
    int rows = 0;
    for (String line : Files.readAllLines(file)) {
      String[] cells = line.trim().split("\\s+");
      if (line.startsWith("#") || cells.length < 3 || !Character.isDigit(cells[0].charAt(0))) continue;
      rows++;
      double percentile = 100 * Double.parseDouble(cells[1]);
      String value = String.format("%.3f", histogram.getValueAtPercentile(percentile) / MICROS_PER_UNIT);
      long count = histogram.getCountBetweenValues(0, histogram.getValueAtPercentile(percentile));
      if (!value.equals(cells[0]) || count != Long.parseLong(cells[2])) {
        wrong.add(line + " <> " + value + " " + count);
      }
    }
    if (!wrong.isEmpty()) throw new IllegalStateException(String.join("\n", wrong));
    System.out.println("rows " + rows + " " + figures(histogram));
  }
}
