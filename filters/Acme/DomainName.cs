using System.Buffers;
using System.Net;

namespace FilterProxy.Filters.Acme;

/// <summary>Names of certificates, wildcards included.</summary>
internal static class DomainName
{
    private static readonly SearchValues<char> LabelCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

    public static bool IsWildcard(string name) => name.StartsWith("*.", StringComparison.Ordinal);

    /// <summary>Why it cannot be in a certificate, as the end of a sentence; null when it can.</summary>
    public static string? WhatIsWrongWith(string name)
    {
        if (IPAddress.TryParse(name, out _))
        {
            return "is an address: certificates are for names here";
        }

        if (name.Any(c => !char.IsAscii(c)))
        {
            return "must be written in ASCII (xn--…)";
        }

        var labels = (IsWildcard(name) ? name[2..] : name).Split('.');
        return name.Length > 253 || labels.Length < 2 || labels.Any(l => !IsLabel(l)) ? "is no full domain name" : null;
    }

    /// <summary>Whether a certificate's name covers a server name (RFC 6125 section 6.4.3: the star stands for exactly one label).</summary>
    public static bool Covers(string name, string serverName)
    {
        if (!IsWildcard(name))
        {
            return name.Equals(serverName, StringComparison.OrdinalIgnoreCase);
        }

        var dot = serverName.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && serverName.AsSpan(dot).Equals(name.AsSpan(1), StringComparison.OrdinalIgnoreCase);
    }

    private static bool IsLabel(string label) =>
        label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.AsSpan().IndexOfAnyExcept(LabelCharacters) < 0;
}
