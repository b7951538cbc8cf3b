using FilterProxy.Core.Config.Tree;
using Xunit;
using static FilterProxy.Tests.Config.ConfigText;

namespace FilterProxy.Tests.Config.Tree;

public sealed class ConfigNodeTests
{
    [Theory]
    [InlineData("{a: 1, b: [x, y]}", "b:\n  - x\n  - 'y'\na: '1'\n")]
    [InlineData("{a: ~}", "a:")]
    [InlineData("{a: ${PORT}}", "{a: 9090}", true)]
    public void Equal_content_is_equal_wherever_and_however_it_is_written(string left, string right, bool quoteLeft = false)
    {
        var one = Read(quoteLeft ? left.Replace("${PORT}", "'${PORT}'") : left);
        var other = Read(right);

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
    }

    [Theory]
    [InlineData("{a: 1}", "{a: 2}")]
    [InlineData("{a: 1}", "{b: 1}")]
    [InlineData("{a: 1}", "{a: 1, b: 2}")]
    [InlineData("[1, 2]", "[2, 1]")]
    [InlineData("[1]", "1")]
    [InlineData("{a: ''}", "{a: ~}")]
    [InlineData("{a: 'null'}", "{a: null}")]
    [InlineData("[]", "{}")]
    public void Different_content_is_not_equal(string left, string right) => Assert.NotEqual(Read(left), Read(right));

    [Theory]
    [InlineData("{a: 1, b: 2}", "{b: 3, c: 4}", "{a: 1, b: 3, c: 4}")]
    [InlineData("{a: {x: 1, y: 1}}", "{a: {y: 2}}", "{a: {x: 1, y: 2}}")]
    [InlineData("{a: [1, 2]}", "{a: [3]}", "{a: [3]}")]
    [InlineData("{a: {x: 1}}", "{a: off}", "{a: off}")]
    [InlineData("{a: 1}", "{a: {x: 1}}", "{a: {x: 1}}")]
    [InlineData("[1]", "{a: 1}", "{a: 1}")]
    [InlineData("{a: 1}", "{}", "{a: 1}")]
    public void Mappings_merge_key_by_key_and_anything_else_replaces(string lower, string upper, string expected) =>
        Assert.Equal(Read(expected), ConfigNode.Merge(Read(lower), Read(upper)));

    [Fact]
    public void Merged_values_keep_their_places()
    {
        var merged = (ConfigMapping)ConfigNode.Merge(Read("a: 1\nb: 2\n"), Read("\n\n\nb: 3\n"));

        Assert.Equal("c.yaml:1:4", merged.Find("a")!.Value.Location.ToString());
        Assert.Equal("c.yaml:4:4", merged.Find("b")!.Value.Location.ToString());
    }
}
