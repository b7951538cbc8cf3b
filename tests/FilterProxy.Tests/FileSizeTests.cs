using Xunit;

namespace FilterProxy.Tests;

public sealed class FileSizeTests
{
    private const int Longest = 400;

    [Theory]
    [InlineData("src")]
    [InlineData("filters")]
    [InlineData("tests")]
    [InlineData("perf")]
    public void No_file_is_longer_than_one_can_read_in_a_sitting(string folder)
    {
        var files = Directory.EnumerateFiles(Repository.PathOf(folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/node_modules/") && !file.Contains("/obj/") && !file.Contains("/bin/"))
            .ToList();

        Assert.NotEmpty(files);
        Assert.Empty(files.Select(file => (Lines: File.ReadLines(file).Count(), File: file)).Where(f => f.Lines > Longest).Select(f => $"{f.File}: {f.Lines} lines"));
    }
}
