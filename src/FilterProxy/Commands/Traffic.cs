namespace FilterProxy.Host.Commands;

/// <summary>What went on between two readings of the metrics, for one route or endpoint.</summary>
/// <param name="Name">Whose it is.</param>
/// <param name="PerSecond">Requests a second.</param>
/// <param name="ErrorsPerSecond">Of these those that failed or were answered with 500 and above.</param>
/// <param name="P50">Half of them took no longer, in seconds; not a number where there were none.</param>
/// <param name="P99">99 of 100 took no longer.</param>
internal sealed record Traffic(string Name, double PerSecond, double ErrorsPerSecond, double P50, double P99)
{
    /// <summary>How long exchanges with clients took, by route.</summary>
    public const string Requests = "http_server_request_duration_seconds";

    /// <summary>How long attempts took, by cluster and endpoint.</summary>
    public const string Attempts = "http_client_request_duration_seconds";

    /// <summary>The traffic by name, the busiest first.</summary>
    /// <param name="before">The earlier reading.</param>
    /// <param name="after">The later one.</param>
    /// <param name="seconds">Between them.</param>
    /// <param name="histogram">Which durations.</param>
    /// <param name="nameOf">Whose a sample is; samples of one name are taken together.</param>
    public static IReadOnlyList<Traffic> Between(
        MetricsText before, MetricsText after, double seconds, string histogram, Func<Dictionary<string, string>, string> nameOf)
    {
        var groups = new Dictionary<string, Group>();
        void Add(MetricsText metrics, int sign)
        {
            foreach (var (labels, value) in metrics.Of(histogram + "_bucket"))
            {
                var name = nameOf(labels);
                if (!groups.TryGetValue(name, out var group))
                {
                    groups.Add(name, group = new Group());
                }

                group.Add(labels, sign * value);
            }
        }

        Add(before, -1);
        Add(after, 1);
        return
        [
            .. groups.Select(g => new Traffic(g.Key, g.Value.Count / seconds, g.Value.Errors / seconds, g.Value.Quantile(0.5), g.Value.Quantile(0.99)))
                .OrderByDescending(t => t.PerSecond).ThenBy(t => t.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>All of it together; without latencies, which cannot be added up.</summary>
    public static Traffic Sum(IReadOnlyList<Traffic> traffic) =>
        new("", traffic.Sum(t => t.PerSecond), traffic.Sum(t => t.ErrorsPerSecond), double.NaN, double.NaN);

    private sealed class Group
    {
        private readonly SortedDictionary<double, double> _buckets = [];

        public double Errors { get; private set; }

        public double Count => _buckets.GetValueOrDefault(double.PositiveInfinity);

        public void Add(Dictionary<string, string> labels, double count)
        {
            var bound = labels.GetValueOrDefault("le") is "+Inf" or null ? double.PositiveInfinity
                : double.Parse(labels["le"], System.Globalization.CultureInfo.InvariantCulture);
            _buckets[bound] = _buckets.GetValueOrDefault(bound) + count;
            if (double.IsInfinity(bound) && labels.ContainsKey("error_type"))
            {
                Errors += count;
            }
        }

        /// <summary>As Prometheus reckons it: evenly spread within a bucket.</summary>
        public double Quantile(double quantile)
        {
            var rank = quantile * Count;
            var (lower, below) = (0.0, 0.0);
            foreach (var (bound, count) in _buckets)
            {
                if (count >= rank && count > below)
                {
                    return double.IsInfinity(bound) ? lower : lower + ((bound - lower) * (rank - below) / (count - below));
                }

                (lower, below) = (bound, count);
            }

            return double.NaN;
        }
    }
}
