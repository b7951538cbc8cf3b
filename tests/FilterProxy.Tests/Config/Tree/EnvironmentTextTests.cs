using FilterProxy.Core.Config.Tree;
using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config.Tree;

public sealed class EnvironmentTextTests
{
    [Theory]
    [InlineData("a: ${PORT}", "9090")]
    [InlineData("a: x${PORT}y${PORT}", "x9090y9090")]
    [InlineData("a: ${NOPE:-8080}", "8080")]
    [InlineData("a: ${EMPTY:-8080}", "8080")]
    [InlineData("a: ${EMPTY}", "")]
    [InlineData("a: ${NOPE:-}", "")]
    [InlineData("a: ${NOPE:-a:-b}", "a:-b")]
    [InlineData("a: '${PORT}'", "9090")]
    [InlineData("a: $${PORT}", "${PORT}")]
    [InlineData("a: $PORT $$ $", "$PORT $$ $")]
    [InlineData("a: |\n  ${PORT}\n", "9090\n")]
    public void Variables_are_replaced_in_values(string text, string expected) =>
        Assert.Equal(expected, ((ConfigScalar)((ConfigMapping)Read(text)).Find("a")!.Value).Text);

    [Fact]
    public void A_variable_can_hold_any_text_but_no_structure() =>
        Assert.Equal("a: [b", ((ConfigScalar)((ConfigMapping)Read("x: ${TRICK}")).Find("x")!.Value).Text);

    [Fact]
    public void A_value_from_the_environment_is_not_expanded_again() =>
        Assert.True(
            EnvironmentText.TryExpand("${A}", name => name == "A" ? "${B}" : null, NoFiles, out var result, out _, out _, out _) && result.Text == "${B}");

    [Theory]
    [InlineData("abc: ${NOPE}", "c.yaml:1:6: environment variable 'NOPE' is not set ('${NOPE:-default}' gives it a default)")]
    [InlineData("abc: x:${NOPE}", "c.yaml:1:8: environment variable 'NOPE' is not set ('${NOPE:-default}' gives it a default)")]
    [InlineData("abc: \"x${NOPE}\"", "c.yaml:1:6: environment variable 'NOPE' is not set ('${NOPE:-default}' gives it a default)")]
    [InlineData("abc: ${PORT", "c.yaml:1:6: '${' is not closed (write '$${' for a plain '${')")]
    [InlineData("abc: ${1}", "c.yaml:1:6: '1' cannot be the name of an environment variable (write '$${' for a plain '${')")]
    [InlineData("abc: ${}", "c.yaml:1:6: '' cannot be the name of an environment variable (write '$${' for a plain '${')")]
    [InlineData("abc: ${a-b}", "c.yaml:1:6: 'a-b' cannot be the name of an environment variable (write '$${' for a plain '${')")]
    public void What_cannot_be_replaced_is_an_error_at_its_place(string text, string error) => AssertTreeErrors(text, error);

    private static bool NoFiles(string path, out string text, out string error, out string hint) => throw new InvalidOperationException(path);
}
