using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class SchemaTests
{
    [Fact]
    public async Task It_prints_the_schema_that_the_repository_has()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("schema");

        Assert.Equal((0, ""), (code, error));
        Assert.Equal(await File.ReadAllTextAsync(Repository.At("conf", "filterproxy.schema.json")), output);
    }
}
