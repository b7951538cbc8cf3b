using System.Diagnostics;
using System.Text;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>A response body read as it comes, with the time at which each part arrived.</summary>
internal sealed class TimedBody
{
    private readonly List<(TimeSpan At, string Text)> _parts = [];

    /// <summary>The whole body.</summary>
    public string Text => string.Concat(_parts.Select(part => part.Text));

    /// <summary>The parts as they were read.</summary>
    public IReadOnlyList<string> Parts => [.. _parts.Select(part => part.Text)];

    public static async Task<TimedBody> ReadAsync(Stream stream)
    {
        var body = new TimedBody();
        var clock = Stopwatch.StartNew();
        var buffer = new byte[64 * 1024];
        for (var read = await stream.ReadAsync(buffer); read > 0; read = await stream.ReadAsync(buffer))
        {
            body._parts.Add((clock.Elapsed, Encoding.UTF8.GetString(buffer, 0, read)));
        }

        return body;
    }

    /// <summary>When the first part came after which the body holds this text.</summary>
    public TimeSpan Arrival(string text)
    {
        var soFar = new StringBuilder();
        foreach (var (at, part) in _parts)
        {
            if (soFar.Append(part).ToString().Contains(text, StringComparison.Ordinal))
            {
                return at;
            }
        }

        throw new InvalidOperationException($"'{text}' never arrived in:\n{soFar}");
    }
}
