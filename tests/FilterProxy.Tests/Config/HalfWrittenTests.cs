using FilterProxy.Core.Config;
using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config;

/// <summary>Files that an editor or a copy has not finished writing.</summary>
public sealed class HalfWrittenTests
{
    private const string Ends = "the file ends in the middle of something (is it written completely? a bracket, brace or quote is left open)";

    [Theory]
    [InlineData("listeners: { web: { addr", "c.yaml:1:25: " + Ends)]
    [InlineData("listeners: { web: { address: '0.0.0.0:80", "c.yaml:1:30: while scanning a quoted scalar, found unexpected end of stream (a quote is left open)")]
    [InlineData("listeners: [", "c.yaml:1:13: " + Ends)]
    [InlineData("routes:\n  - match: { path: /a/*, ", "c.yaml:2:25: " + Ends)]
    [InlineData("listeners:\n  web:\n    addr", "c.yaml:3:5: expected a mapping of options, got 'addr'")]
    [InlineData("listeners:\n  web:\n    address:", "c.yaml:3:13: expected a text, got nothing")]
    [InlineData("listeners:\n  we", "c.yaml:2:3: expected a mapping, got 'we'")]
    [InlineData("listene", "c.yaml:1:1: expected a mapping, got 'listene'")]
    [InlineData("listeners: { web: { address: '${POR", "c.yaml:1:30: while scanning a quoted scalar, found unexpected end of stream (a quote is left open)")]
    [InlineData("listeners: { web: { address: 0.0.0.0:${PO", "c.yaml:1:39: while parsing a flow mapping, did not find expected ',' or '}' (inside [ ] and { } quote texts that contain brackets or braces)")]
    [InlineData("", "c.yaml:1:1: the configuration is empty")]
    public void A_file_that_is_cut_short_is_refused_where_it_ends(string text, string error) => AssertErrors(text, error);

    [Fact]
    public void A_file_cut_anywhere_is_refused_or_is_a_shorter_configuration_and_never_an_exception()
    {
        var refused = 0;
        for (var length = 0; length < FullConfig.Text.Length; length++)
        {
            var (config, errors) = ConfigLoader.Parse(FullConfig.Text[..length], "c.yaml", ConfigText.Environment);
            Assert.Equal(config is null, !errors.IsEmpty);
            refused += config is null ? 1 : 0;
        }

        // Routes come after listeners and name clusters, which come last.
        Assert.True(refused > FullConfig.Text.Length * 9 / 10, $"{refused} of {FullConfig.Text.Length}");
    }
}
