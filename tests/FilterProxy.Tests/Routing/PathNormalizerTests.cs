using System.Text;
using FilterProxy.Core.Routing;
using Xunit;

namespace FilterProxy.Tests.Routing;

public sealed class PathNormalizerTests
{
    private const int Seed = 20260417;

    [Theory]
    [InlineData("/admin/../x", "/x")]
    [InlineData("/%61dmin", "/admin")]
    [InlineData("//admin", "/admin")]
    [InlineData("/./admin", "/admin")]
    [InlineData("/admin%2fx", "/admin%2Fx")]
    [InlineData("/admin;x", "/admin;x")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/a/.%2e/b", "/b")]
    [InlineData("/a/%2e/b", "/a/b")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/b/.", "/a/b/")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/../", "/")]
    [InlineData("/a//../b", "/b")]
    [InlineData("/a///b//", "/a/b/")]
    [InlineData("///", "/")]
    [InlineData("/a/", "/a/")]
    [InlineData("/...", "/...")]
    [InlineData("/..a/.b", "/..a/.b")]
    [InlineData("/.well-known/x", "/.well-known/x")]
    [InlineData("/a\\b", "/a%5Cb")]
    [InlineData("/a%5cb", "/a%5Cb")]
    [InlineData("/%2541", "/%2541")]
    [InlineData("/%252e%252e/x", "/%252e%252e/x")]
    [InlineData("/%7euser/%2D%5f", "/~user/-_")]
    [InlineData("/caf%c3%a9", "/caf%C3%A9")]
    [InlineData("/a%0d%0ab%1f%7f", "/a%0D%0Ab%1F%7F")]
    [InlineData("/a%20b%3fc%23", "/a%20b%3Fc%23")]
    [InlineData("/a/..%2e/b", "/a/.../b")]
    public void Brings_a_path_into_its_normal_form(string path, string normal) => AssertPath(normal, path, new PathRules());

    [Theory]
    [InlineData("/..", "path_above_root")]
    [InlineData("/a/../../b", "path_above_root")]
    [InlineData("/%2e%2e/etc", "path_above_root")]
    [InlineData("//../b", "path_above_root")]
    [InlineData("/%zz", "bad_percent")]
    [InlineData("/%4", "bad_percent")]
    [InlineData("/a%", "bad_percent")]
    [InlineData("/%%34%31", "bad_percent")]
    [InlineData("/%u0041", "bad_percent")]
    [InlineData("/a%00b", "nul_in_path")]
    [InlineData("/public/..%2fadmin", "encoded_dot_segment")]
    [InlineData("/public/%2e%2e%5cadmin", "encoded_dot_segment")]
    [InlineData("/public/x%2f..", "encoded_dot_segment")]
    [InlineData("/public/x%41%2f..%2fy", "encoded_dot_segment")]
    [InlineData("/public/..\\admin", "encoded_dot_segment")]
    public void Refuses_a_path_that_has_no_safe_normal_form(string path, string detail) =>
        AssertRefused(detail, path, new PathRules());

    [Theory]
    [InlineData("/a//b", "/a//b")]
    [InlineData("/a//../b", "/a/b")]
    [InlineData("//a/./b", "//a/b")]
    public void Keeps_duplicate_slashes_when_told_to(string path, string normal) =>
        AssertPath(normal, path, new PathRules(MergeSlashes: false));

    [Theory]
    [InlineData("/a%2fb", "/a/b")]
    [InlineData("/a%2F%2e%2e%2fb", "/b")]
    [InlineData("/a%2f/b", "/a/b")]
    [InlineData("/a%5cb", "/a%5Cb")]
    [InlineData("/a%252fb", "/a%252fb")]
    public void Decodes_encoded_slashes_before_it_tells_segments_apart(string path, string normal) =>
        AssertPath(normal, path, new PathRules(EncodedSlashes: EncodedSlashPolicy.Decode));

    [Theory]
    [InlineData("/a%2fb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%5Cb")]
    [InlineData("/a\\b")]
    public void Refuses_encoded_slashes_and_backslashes_when_told_to(string path) =>
        AssertRefused("encoded_slash", path, new PathRules(EncodedSlashes: EncodedSlashPolicy.Reject));

    [Theory]
    [InlineData("/a/./b")]
    [InlineData("/a//b")]
    [InlineData("/%61")]
    [InlineData("/%c3")]
    [InlineData("/a\\b")]
    public void Refuses_what_normalisation_would_change_under_the_reject_policy(string path) =>
        AssertRefused("path_not_normal", path, new PathRules(PathPolicy.Reject));

    [Theory]
    [InlineData("/a/b/")]
    [InlineData("/%C3%A9")]
    [InlineData("/.well-known/acme")]
    public void Lets_normal_paths_pass_under_the_reject_policy(string path) => AssertPath(path, path, new PathRules(PathPolicy.Reject));

    [Theory]
    [InlineData("/a/../../%zz\\//%00")]
    [InlineData("/%61")]
    public void Leaves_everything_alone_under_the_raw_policy(string path) => AssertPath(path, path, new PathRules(PathPolicy.Raw));

    [Theory]
    [InlineData("*")]
    [InlineData("")]
    public void Leaves_the_asterisk_and_the_empty_path_alone(string path) => AssertPath(path, path, new PathRules());

    [Fact]
    public void Never_touches_the_query()
    {
        var head = RequestHeads.Get("/a/../b?x=%61&y=/../%zz");

        Assert.False(PathNormalizer.Apply(head, new PathRules()).IsError);

        Assert.Equal("/b", head.PathText);
        Assert.Equal("x=%61&y=/../%zz", Encoding.ASCII.GetString(head.Query));
    }

    [Theory]
    [InlineData("/a/b/c")]
    [InlineData("/.well-known/%C3%A9")]
    public void Writes_nothing_for_a_path_in_normal_form(string path)
    {
        var head = RequestHeads.Get(path);
        var (length, range) = (head.Block.Length, head.PathRange);

        PathNormalizer.Apply(head, new PathRules());

        Assert.Equal((length, range), (head.Block.Length, head.PathRange));
    }

    [Fact]
    public void Sees_what_needs_normalising_at_every_position()
    {
        foreach (var (bad, normal) in new[] { ("%61", "a"), ("\\", "%5C"), ("/./", "/"), ("//", "/") })
        {
            for (var before = 0; before < 70; before++)
            {
                for (var after = 0; after < 40; after++)
                {
                    var (head, tail) = ("/" + new string('x', before), new string('y', after));
                    AssertPath((head + normal + tail).Replace("//", "/", StringComparison.Ordinal), head + bad + tail, new PathRules());
                }
            }
        }
    }

    [Fact]
    public void Normalising_twice_is_normalising_once()
    {
        string[] pieces = ["/", "//", ".", "..", "%2e", "%2E", "%2f", "%2F", "%5c", "\\", "a", "%61", "%25", "41", "%c3", ";", "%20", "b", "/../"];
        var random = new Random(Seed);
        var normalised = 0;
        for (var i = 0; i < 50_000; i++)
        {
            var path = "/" + string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var rules = new PathRules(MergeSlashes: random.Next(2) == 0, EncodedSlashes: (EncodedSlashPolicy)random.Next(3));
            var head = RequestHeads.Get(path);
            if (PathNormalizer.Apply(head, rules).IsError)
            {
                Assert.Equal(path, head.PathText);
                continue;
            }

            normalised++;
            var once = head.PathText;
            var label = $"seed {Seed}: '{path}' by {rules} is '{once}'";
            Assert.False(PathNormalizer.Apply(head, rules).IsError, label);
            Assert.True(once == head.PathText, $"{label}, then '{head.PathText}'");
            Assert.False(PathNormalizer.Apply(head, rules with { Policy = PathPolicy.Reject }).IsError, label);
            Assert.DoesNotContain(once.Split('/'), s => s is "." or "..");
            Assert.True(once[0] == '/' && (!rules.MergeSlashes || !once.Contains("//", StringComparison.Ordinal)), label);
        }

        Assert.True(normalised > 10_000, $"only {normalised} paths were worth looking at");
    }

    [Fact]
    public void Allocates_nothing_even_when_it_rewrites()
    {
        var head = RequestHeads.Get("/a/../%61//b\\");
        var (path, start) = (head.PathRange, head.Block.Length);
        var rules = new PathRules();
        PathNormalizer.Apply(head, rules);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            head.Block.Truncate(start);
            head.SetPathAndQuery(path, default, false);
            PathNormalizer.Apply(head, rules);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal("/a/b%5C", head.PathText);
    }

    private static void AssertPath(string expected, string path, PathRules rules)
    {
        var head = RequestHeads.Get(path);

        var error = PathNormalizer.Apply(head, rules);

        Assert.False(error.IsError, error.Detail);
        Assert.Equal(expected, head.PathText);
    }

    private static void AssertRefused(string detail, string path, PathRules rules)
    {
        var head = RequestHeads.Get(path);

        var error = PathNormalizer.Apply(head, rules);

        Assert.Equal((ProxyErrorKind.BadRequest, detail), (error.Kind, error.Detail));
        Assert.Equal(path, head.PathText);
    }
}
