using FilterProxy.Core.Config;
using Xunit;

namespace FilterProxy.Tests.Config;

public sealed class ConfigErrorsTests
{
    [Fact]
    public void Errors_are_sorted_counted_and_said_once()
    {
        var errors = new ConfigErrors();
        errors.Add(new SourceLocation("b.yaml", 1, 1), "third");
        errors.Add(new SourceLocation("a.yaml", 10, 2), "second", "a hint");
        errors.Add(new SourceLocation("a.yaml", 9, 30), "first");
        errors.Add(new SourceLocation("a.yaml", 10, 2), "second", "a hint");

        Assert.Equal("a.yaml:9:30: first\na.yaml:10:2: second (a hint)\nb.yaml:1:1: third\n3 errors", errors.ToString());
    }

    [Fact]
    public void One_error_is_one_error()
    {
        var errors = new ConfigErrors();
        errors.Add(new SourceLocation("a.yaml", 0, 0), "there is no such file");

        Assert.Equal("a.yaml: there is no such file\n1 error", errors.ToString());
    }

    [Fact]
    public void No_errors_are_no_text() => Assert.Equal("", new ConfigErrors().ToString());
}
