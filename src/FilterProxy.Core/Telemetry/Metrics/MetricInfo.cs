namespace FilterProxy.Core.Telemetry.Metrics;

/// <summary>What a metric is called and what it means.</summary>
/// <param name="Name">As OpenTelemetry writes names, e.g. <c>http.server.request.duration</c>.</param>
/// <param name="Kind">How its values are meant.</param>
/// <param name="Unit">A UCUM unit, e.g. <c>s</c> or <c>{request}</c>.</param>
/// <param name="Help">One sentence.</param>
/// <param name="Labels">The names of its labels.</param>
internal sealed record MetricInfo(string Name, MetricKind Kind, string Unit, string Help, params IReadOnlyList<string> Labels)
{
    /// <summary>The name in the exposition, as OpenTelemetry maps it, without the suffix of a counter.</summary>
    public string ExposedName { get; } = Expose(Name, UnitName(Unit, Kind));

    /// <summary>The unit in the exposition; empty for none.</summary>
    public string ExposedUnit { get; } = UnitName(Unit, Kind);

    /// <summary>The name a query uses.</summary>
    public string QueryName => Kind == MetricKind.Counter ? ExposedName + "_total" : ExposedName;

    /// <summary>A name or label as the exposition allows it: letters, digits and underscores.</summary>
    public static string Spell(string name)
    {
        Span<char> text = name.Length <= 256 ? stackalloc char[name.Length] : new char[name.Length];
        for (var i = 0; i < name.Length; i++)
        {
            text[i] = char.IsAsciiLetter(name[i]) || (i > 0 && char.IsAsciiDigit(name[i])) ? name[i] : '_';
        }

        return new string(text);
    }

    private static string Expose(string name, string unit)
    {
        var spelled = Spell(name);
        spelled = spelled.EndsWith("_total", StringComparison.Ordinal) ? spelled[..^"_total".Length] : spelled;
        return unit.Length == 0 || spelled.EndsWith("_" + unit, StringComparison.Ordinal) ? spelled : $"{spelled}_{unit}";
    }

    private static string UnitName(string unit, MetricKind kind) => unit switch
    {
        "s" => "seconds",
        "ms" => "milliseconds",
        "By" => "bytes",
        "1" when kind == MetricKind.Gauge => "ratio",
        _ => "",
    };
}
