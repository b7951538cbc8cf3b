using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FilterProxy.Core.Routing;
using Xunit;

namespace FilterProxy.Tests.Routing;

/// <summary>The path cases of the URL standard's test data (web-platform-tests, url/resources/urltestdata.json).</summary>
public sealed partial class UrlTestDataTests
{
    private const string File = "urltestdata.json";

    [ConformanceFact(File)]
    public void Resolves_paths_as_the_url_standard_does()
    {
        using var document = JsonDocument.Parse(System.IO.File.ReadAllBytes(ConformanceFactAttribute.GetPath(File)));
        var compared = 0;
        foreach (var test in document.RootElement.EnumerateArray().Where(t => t.ValueKind == JsonValueKind.Object))
        {
            // Only what could stand in a request line; a backslash is a slash to a browser and data to us.
            var input = Input().Match(test.GetProperty("input").GetString()!);
            if (!input.Success || !test.TryGetProperty("pathname", out var pathname))
            {
                continue;
            }

            var head = RequestHeads.Get(input.Groups["path"].Value);
            var error = PathNormalizer.Apply(head, new PathRules(MergeSlashes: false));
            if (error.IsError)
            {
                // Where a browser repairs, we refuse.
                Assert.Contains(error.Detail, (string[])["path_above_root", "bad_percent", "nul_in_path"]);
                continue;
            }

            // A browser leaves the spelling of escapes alone, RFC 3986 §6.2.2 does not.
            var expected = Escape().Replace(pathname.GetString()!, e =>
            {
                var c = (char)int.Parse(e.ValueSpan[1..], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
                return char.IsAsciiLetterOrDigit(c) || "-._~".Contains(c, StringComparison.Ordinal) ? c.ToString() : e.Value.ToUpperInvariant();
            });
            Assert.Equal(expected, head.PathText);
            compared++;
        }

        Assert.True(compared >= 30, $"only {compared} cases were compared");
    }

    [GeneratedRegex("^https?://[^/?#\\\\\t\r\n]*(?<path>/[!$-;=@-\\[\\]_a-z|~]*)([?#]|$)")]
    private static partial Regex Input();

    [GeneratedRegex("%[0-9A-Fa-f]{2}")]
    private static partial Regex Escape();
}
