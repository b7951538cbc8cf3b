using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Streams;

/// <summary>What a server has heard of an agent's services: under which number, and what became of each.</summary>
internal sealed record ServiceQuestion(long Revision, IReadOnlyList<ServiceOutcome> Outcomes);

/// <summary>What became of a service at a server.</summary>
/// <param name="Name">Which.</param>
/// <param name="Placed">With its place; null where it has none.</param>
/// <param name="Reason">Why it has none; empty where it has one.</param>
internal sealed record ServiceOutcome(string Name, TunnelService? Placed, string Reason);

/// <summary>
/// How a server and an agent write of services that have changed: a number on the first line, then a service on each. The server's question has <c>+</c> before a service
/// with its place, and <c>-</c> before the name of one that has none, with the reason's code behind it.
/// </summary>
internal static class ServiceNews
{
    /// <summary>The most characters either may write.</summary>
    public const int Longest = 256 * 1024;

    public static string WriteQuestion(ServiceQuestion question) => string.Join('\n', question.Outcomes
        .Select(outcome => outcome.Placed is { } placed ? "+" + ServiceText.Write(placed) : $"-{outcome.Name} {outcome.Reason}")
        .Prepend(Number(question.Revision)));

    /// <summary>Reads a question; null where it is none.</summary>
    public static ServiceQuestion? ReadQuestion(string text)
    {
        var lines = text.Split('\n');
        if (!TryNumber(lines[0], out var revision) || lines.Length > 1 + HelloText.MostServices)
        {
            return null;
        }

        var outcomes = lines[1..].Select(Outcome).ToList();
        return outcomes.Contains(null) ? null : new ServiceQuestion(revision, [.. outcomes.OfType<ServiceOutcome>()]);
    }

    public static string WriteAnswer(long revision, IReadOnlyList<TunnelService> services) => string.Join('\n', services.Select(ServiceText.Write).Prepend(Number(revision)));

    /// <summary>Reads an answer, or says what is wrong with it.</summary>
    public static bool TryReadAnswer(string text, out long revision, [NotNullWhen(true)] out IReadOnlyList<TunnelService>? services, out string problem)
    {
        services = null;
        var lines = text.Split('\n');
        if (!TryNumber(lines[0], out revision) || lines.Length > 1 + HelloText.MostServices)
        {
            problem = $"it has no number, or more than {HelloText.MostServices} services";
            return false;
        }

        var read = new List<TunnelService>();
        foreach (var line in lines[1..])
        {
            if (!ServiceText.TryRead(line, out var service, out problem))
            {
                return false;
            }

            if (read.Any(known => known.Name == service.Name))
            {
                problem = $"the service '{service.Name}' is there twice";
                return false;
            }

            read.Add(service);
        }

        (services, problem) = (read, "");
        return true;
    }

    private static ServiceOutcome? Outcome(string line)
    {
        if (line.StartsWith('+'))
        {
            return ServiceText.TryRead(line[1..], out var placed, out _) ? new ServiceOutcome(placed.Name, placed, "") : null;
        }

        return line.StartsWith('-') && line[1..].Split(' ') is [var name, { Length: > 0 } reason] && TunnelIdentity.IsPart(name) && TunnelIdentity.IsPart(reason)
            ? new ServiceOutcome(name, null, reason)
            : null;
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool TryNumber(string text, out long number) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
