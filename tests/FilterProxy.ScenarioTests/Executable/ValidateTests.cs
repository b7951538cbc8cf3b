using FilterProxy.ScenarioTests.NextJs;
using Xunit;

namespace FilterProxy.ScenarioTests.Executable;

public sealed class ValidateTests
{
    [Fact]
    public async Task The_default_configuration_is_found_and_good()
    {
        var (code, output, error) = await ProxyProcess.RunAsync("validate");

        Assert.Equal((0, "conf/filterproxy.yaml: ok\n", ""), (code, output, error));
    }

    [Fact]
    public async Task Everything_wrong_with_a_document_is_reported_at_once_each_with_its_place()
    {
        using var file = new ConfigFile("""
            listeners:
              web:
                adress: 0.0.0.0:8080
            routes:
              - match: { path: admin/* }
                cluster: admn
            clusters:
              admin: { endpoints: [127.0.0.1:3002], connect_timeout: 5 }
            """);

        var (code, output, error) = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Equal(
            $"""
            {file.Path}:3:5: missing option 'address' of listeners.web
            {file.Path}:3:5: unknown option 'adress' of listeners.web (did you mean 'address'?)
            {file.Path}:5:20: expected a path that begins with '/', got 'admin/*'
            {file.Path}:6:14: there is no cluster 'admn' (did you mean 'admin'?)
            {file.Path}:8:58: expected a duration like '250ms', got '5' (add a unit: '5s')
            5 errors

            """,
            error);
    }

    [Fact]
    public async Task Unknown_components_and_options_of_plugins_are_reported_with_what_was_meant()
    {
        using var file = new ConfigFile("""
            plugins: [AccessLog, Headers]
            listeners: { web: { address: 0.0.0.0:8080 } }
            routes:
              - respond: { status: 204 }
                filters:
                  - headers: { requst: { set: { a: b } } }
                  - acess_log
            """);

        var (code, _, error) = await ProxyProcess.RunAsync("validate", "-c", file.Path);

        Assert.Equal(2, code);
        Assert.Equal(
            $"""
            {file.Path}:6:20: unknown option 'requst' of headers (did you mean 'request'?)
            {file.Path}:7:9: there is no filter 'acess_log' (did you mean 'access_log'?)
            2 errors

            """,
            error);
    }

    [Fact]
    public async Task A_file_that_is_not_there_is_an_error_of_configuration()
    {
        var (code, _, error) = await ProxyProcess.RunAsync("validate", "--config", "/nonexistent/proxy.yaml");

        Assert.Equal((2, "/nonexistent/proxy.yaml: there is no such file\n1 error\n"), (code, error));
    }

    [Fact]
    public async Task The_configuration_is_looked_for_upwards_from_the_working_folder()
    {
        await using var process = ProxyProcess.Start(["validate"], null, folder: Repository.At("src", "FilterProxy"));

        Assert.Equal(0, await process.ExitAsync());
        Assert.Equal("../../conf/filterproxy.yaml: ok\n", process.Output);
    }
}
