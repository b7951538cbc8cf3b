using System.Text.Json.Nodes;
using FilterProxy.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>The firewall of conf/examples/waf.yaml, with the OWASP Core Rule Set as Debian has it, before the site.</summary>
[Collection(NextJsScenarios.Name), Trait("suite", "nextjs")]
public sealed class FirewallTests(NextJsFixture site)
{
    [FirewallFact]
    public async Task A_browser_session_passes_and_attacks_in_address_and_form_are_refused()
    {
        var auditLog = Path.GetTempFileName();
        try
        {
            var address = await site.Site.ProtectAsync(auditLog);
            var page = await site.OpenAsync(origin: address);
            var log = new PageLog(page);
            await BrowseAsync(page);
            Assert.True(log.Paths.Count > 40, $"{log.Paths.Count} answers");

            // A status is what a firewall says; that a page drops a request of its own when it is left is no business of it.
            Assert.DoesNotContain(log.Problems, problem => char.IsAsciiDigit(problem[0]));

            var inAddress = (await page.GotoAsync("/?q=<script>alert(document.cookie)</script>"))!;
            Assert.Equal((403, "waf_denied"), (inAddress.Status, await inAddress.HeaderValueAsync("x-filterproxy-reason")));
            await page.GotoAsync("/oauth", new() { WaitUntil = WaitUntilState.NetworkIdle });
            await page.FillAsync("input[name=user]", "x' or 1=1 -- ");
            var inForm = await page.RunAndWaitForResponseAsync(() => page.ClickAsync("button[type=submit]"), answer => answer.Request.Method == "POST");
            Assert.Equal(403, inForm.Status);

            // The page of the refusal may ask for its icon, with the address of the attack as its referrer.
            await Poll.UntilAsync(() => BlockedIn(auditLog).Contains("POST /oauth") && BlockedIn(auditLog).Any(entry => entry.StartsWith("GET /?q=", StringComparison.Ordinal)));
        }
        finally
        {
            File.Delete(auditLog);
        }
    }

    private static string[] BlockedIn(string auditLog)
    {
        var text = File.ReadAllText(auditLog);
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)
            .Where(entry => (bool)entry["blocked"]!).Select(entry => $"{entry["method"]} {entry["target"]}")];
    }

    private static async Task BrowseAsync(IPage page)
    {
        var idle = new PageGotoOptions { WaitUntil = WaitUntilState.NetworkIdle };
        await page.GotoAsync("/", idle);
        await page.GetByRole(AriaRole.Link, new() { Name = "Item 1", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Heading, new() { Name = "Item 1" }).WaitForAsync();
        await page.GoBackAsync();
        await page.GotoAsync("/kline/", idle);

        await page.GotoAsync("/oauth", idle);
        await page.FillAsync("input[name=user]", "Siobhan O'Neill");
        await page.ClickAsync("button[type=submit]");
        await page.GetByRole(AriaRole.Heading, new() { Name = "Profile of Siobhan O'Neill" }).WaitForAsync();

        const string Note = "Don't forget O'Brien's order: 5 or 6 pairs, **20% off** & free returns, see https://example.com/a?b=c#d!";
        await page.GotoAsync("/admin/notes", idle);
        await page.FillAsync("input[name=text]", Note);
        await page.ClickAsync("text=Add");
        await page.Locator($"#notes >> text={Note}").WaitForAsync();

        Assert.Equal("200 201 200 200", await page.EvaluateAsync<string>(
            """
            async () => {
              const json = { "Content-Type": "application/json" };
              const upload = new FormData();
              upload.append("title", "Holiday in Brittany (it's great)");
              upload.append("photo", new Blob([new Uint8Array(2000).fill(255)], { type: "image/jpeg" }), "beach & sea.jpg");
              const answers = [
                await fetch("/api/admin/echo?page=2&sort=-price&q=red+shoes", { headers: json }),
                await fetch("/api/admin/users", { method: "POST", headers: json, body: JSON.stringify({ name: "Fitzwilliam D'Arcy" }) }),
                await fetch("/api/admin/echo", { method: "PUT", headers: json, body: JSON.stringify({ text: "a = b; // code", list: [1, 2] }) }),
                await fetch("/flow/upload", { method: "POST", body: upload }),
              ];
              return answers.map(answer => answer.status).join(" ");
            }
            """));
    }
}
