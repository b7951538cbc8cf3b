using System.Globalization;
using System.Text.Json;
using FilterProxy.Filters.Tests.Waf.Detection;
using FilterProxy.Filters.Waf.Engine;

namespace FilterProxy.Filters.Tests.Waf;

/// <summary>A harmless value as an application gets it: in turns a query, a form, JSON and a form with an upload.</summary>
/// <param name="Kind">What kind of text the value is.</param>
/// <param name="Text">The value.</param>
/// <param name="Method">The method.</param>
/// <param name="Target">The target.</param>
/// <param name="ContentType">The body's type; null for none.</param>
/// <param name="Body">The body; null for none.</param>
internal sealed record BenignRequest(string Kind, string Text, string Method, string Target, string? ContentType = null, byte[]? Body = null)
{
    private const string Boundary = "----WebKitFormBoundaryx1";

    public static IReadOnlyList<BenignRequest> Tuned { get; } = [.. BenignCorpus.Tuned().Select(Make)];

    public static IReadOnlyList<BenignRequest> HeldOut { get; } = [.. BenignCorpus.HeldOut().Select(Make)];

    public Transaction Run() => CoreRules.Run(1, Method, Target, ContentType, Body);

    private static BenignRequest Make((string Kind, string Value) item, int number)
    {
        var (kind, text) = item;
        return (number % 4) switch
        {
            0 => new(kind, text, "GET", "/search?page=2&q=" + Uri.EscapeDataString(text)),
            1 => new(kind, text, "POST", "/comments", "application/x-www-form-urlencoded", CoreRules.Bytes(
                string.Create(CultureInfo.InvariantCulture, $"id=17&text={Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal)}"))),
            2 => new(kind, text, "POST", "/api/items", "application/json", JsonSerializer.SerializeToUtf8Bytes(new { id = 17, title = "An item", text })),
            _ => new(kind, text, "POST", "/upload", "multipart/form-data; boundary=" + Boundary, CoreRules.Bytes(
                $"--{Boundary}\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{text}\r\n"
                + $"--{Boundary}\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"photo 1.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\u00ff\u00d8\u00ff\r\n--{Boundary}--\r\n")),
        };
    }
}
