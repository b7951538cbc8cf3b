using System.Diagnostics.CodeAnalysis;
using FilterProxy.Filters.ReverseTunnel.Identity;

namespace FilterProxy.Filters.ReverseTunnel.Handshake;

/// <summary>Labels as a header field has them: <c>zone=eu,note=two%20words</c>.</summary>
internal static class LabelText
{
    private const int Most = 32;
    private const int Longest = 256;

    public static string Write(IReadOnlyDictionary<string, string> labels) => string.Join(',', labels.Select(label => $"{label.Key}={Uri.EscapeDataString(label.Value)}"));

    /// <summary>Whether labels can be told to a server.</summary>
    public static bool AreFit(IReadOnlyDictionary<string, string> labels) => TryRead(Write(labels), out _);

    public static bool TryRead(string text, [NotNullWhen(true)] out IReadOnlyDictionary<string, string>? labels)
    {
        var read = new Dictionary<string, string>(StringComparer.Ordinal);
        labels = null;
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2) is not [var name, var escaped] || !TunnelIdentity.IsPart(name) || read.Count >= Most)
            {
                return false;
            }

            var value = Uri.UnescapeDataString(escaped);
            if (value.Length > Longest || value.Any(char.IsControl) || !read.TryAdd(name, value))
            {
                return false;
            }
        }

        labels = read;
        return true;
    }
}
