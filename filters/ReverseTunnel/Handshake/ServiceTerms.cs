using System.Globalization;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>How a service shares its places with others, and how much it may carry.</summary>
internal sealed record ServiceTerms
{
    public const int MostWeight = 100;

    public static ServiceTerms Default { get; } = new();

    /// <summary>The group it shares its places with; null for the services of its name in its cluster.</summary>
    public string? Group { get; init; }

    /// <summary>Its share of the clients, beside the others'.</summary>
    public int Weight { get; init; } = 1;

    /// <summary>Bytes per second from all clients; 0 for no limit.</summary>
    public long Upload { get; init; }

    /// <summary>As <see cref="Upload"/>, to all clients.</summary>
    public long Download { get; init; }

    /// <summary>As <see cref="Upload"/>, from each client's address.</summary>
    public long VisitorUpload { get; init; }

    /// <summary>As <see cref="Upload"/>, to each client's address.</summary>
    public long VisitorDownload { get; init; }

    /// <summary>Takes one of the parts a service is written with in; null where it is none of these, wrong, or there twice.</summary>
    public ServiceTerms? With(string name, string value) => name switch
    {
        "group" when Group is null && TunnelIdentity.IsPart(value) => this with { Group = value },
        "weight" when Weight == 1 && NumberOf(value) is > 0 and <= MostWeight and var weight => this with { Weight = (int)weight },
        "up" when Upload == 0 && NumberOf(value) is > 0 and var rate => this with { Upload = rate },
        "down" when Download == 0 && NumberOf(value) is > 0 and var rate => this with { Download = rate },
        "visitor-up" when VisitorUpload == 0 && NumberOf(value) is > 0 and var rate => this with { VisitorUpload = rate },
        "visitor-down" when VisitorDownload == 0 && NumberOf(value) is > 0 and var rate => this with { VisitorDownload = rate },
        _ => null,
    };

    /// <summary>Those parts as they are written: <c>;group=web;weight=3;up=1048576</c>; empty for the default.</summary>
    public override string ToString() =>
        $"{(Group is null ? "" : $";group={Group}")}{Part("weight", Weight == 1 ? 0 : Weight)}{Part("up", Upload)}{Part("down", Download)}"
        + $"{Part("visitor-up", VisitorUpload)}{Part("visitor-down", VisitorDownload)}";

    private static string Part(string name, long number) => number == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $";{name}={number}");

    private static long NumberOf(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
