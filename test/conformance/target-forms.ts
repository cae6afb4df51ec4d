/** A target, and the Host it is sent with where that matters. */
export type TargetForm = readonly [target: string, host?: string];

/** Ways to write `/admin/secret`, or what a careless reader could take for it. */
export const TARGETS: readonly TargetForm[] = [
  ...plain('/admin/secret', '/admin/secret/', '/admin/other', '/admin', '/admin/'),
  ...plain('//admin/secret', '///admin/secret', '/admin//secret', '/admin/secret//', '/admin///secret', '/x//admin/secret', '//x/admin/secret', '//a/admin/secret'),
  ...plain('/./admin/secret', '/admin/./secret', '/x/../admin/secret', '/admin/../admin/secret', '/admin/secret/.', '/admin/secret/..', '/admin/x/../secret', '/..//admin/secret', '/.../admin/secret'),
  ...plain('/%2e/admin/secret', '/admin/%2e/secret', '/x/%2e%2e/admin/secret', '/x/%2E%2E/admin/secret', '/x/.%2e/admin/secret', '/x/%2e./admin/secret', '/x/%252e%252e/admin/secret', '/admin/%2e%2e%2fadmin/secret'),
  ...plain('/%61dmin/secret', '/%61%64%6d%69%6e/secret', '/admin/%73ecret', '/admin/secre%74', '/%41dmin/secret', '/adm%69n/se%63ret', '/%2561dmin/secret', '/admin/%2573ecret'),
  ...plain('/admin%2fsecret', '/admin%2Fsecret', '/%2fadmin/secret', '/%2Fadmin/secret', '/%2fadmin%2fsecret', '/admin/%2fsecret', '/admin/secret%2f', '/admin%252fsecret', '/x%2f..%2fadmin/secret', '/x/..%2fadmin/secret'),
  ...plain('/admin%5csecret', '/admin%5Csecret', '/%5cadmin/secret', '/%5Cadmin%5Csecret', '/x/..%5cadmin/secret', '/admin\\secret', '\\admin\\secret', '/\\admin/secret', '/x\\..\\admin/secret', '/admin/\\secret'),
  ...plain('/ADMIN/secret', '/Admin/secret', '/admin/SECRET', '/aDMIN/Secret', '/adm\u0131n/secret', '/admin/%C5%BFecret', '/%EF%BD%81dmin/secret'),
  ...plain('/admin;/secret', '/admin;a=b/secret', '/admin/secret;', '/admin/secret;a=b', '/;/admin/secret', '/admin/;/secret', '/admin/;a=b/secret', '/x;/../admin/secret', '/admin/secret%3b'),
  ...plain('/admin%00/secret', '/admin/secret%00', '/%00/admin/secret', '/admin/%00secret', '/admin/secret%00.png', '/admin/secret\0', '/admin\0/secret', '/admin/secret.', '/admin./secret', '/admin/secret%20', '/admin%20/secret', '/%20/admin/secret', '/admin/secret%09', '/admin/secret%0a'),
  ...plain('/admin/..%09/public/x', '/admin/.%09./public/x', '/admin/.%0d%0a./public/x', '/admin/..%20/public/x', '/admin/..%01/public/x', '/admin/..%5cpublic/x', '/admin/..%5Cpublic%5Cx', '/admin%5c..%5cpublic/x', '/admin/..%3f/public/x', '/admin/..%23/public/x', '/admin/..;/public/x'),
  ...plain('/public/..%09/admin/secret', '/public/..%0a/admin/secret', '/public/..%5cadmin/secret', '/public/%2e%2e%09/admin/secret', '/public/../admin/secret', '/public/%2e%2e/admin/secret', '/public/..%2fadmin/secret', '/public%2f..%2fadmin/secret', '/public/;/admin/secret'),
  ...plain('/%09admin/secret', '/ad%0amin/secret', '/admin%0d/secret', '/admin/%0aother', '/admin/%E2%80%A8other', '/admin/%C2%85other', '/%5cpublic/../admin/secret', '/admin/x%3f/public/', '/admin/x%23/public/', '/%5c%5cpublic/x'),
  ...plain('/%c0%afadmin/secret', '/admin%c0%afsecret', '/%c0%ae%c0%ae/admin/secret', '/%e0%80%afadmin/secret', '/%c1%a1dmin/secret', '/%f0%80%80%afadmin/secret', '/admin/secret%c3', '/admin/secret%ff'),
  ...plain('/admin/secret%', '/admin/secret%2', '/admin/secret%zz', '/%admin/secret', '/admin%/secret', '/%u0061dmin/secret', '/%61dmin/secret%', '/admin/%u0073ecret'),
  ...plain('/admin/secret?', '/admin/secret?x', '/admin/secret?/../x', '/x?/admin/secret', '/?/admin/secret', '/admin?/secret', '/admin%3f/secret', '/x?/../admin/secret', '/admin/secret?x=%zz', '/admin/secret?x=%00'),
  ...plain('/admin/secret#', '/admin/secret#x', '/x#/admin/secret', '/#/admin/secret', '/admin#/secret', '/admin%23/secret', '/admin/secret?x#y', '/x#/../admin/secret'),
  ...plain('http://a/admin/secret', 'http://other/admin/secret', 'HTTP://A/admin/secret', 'https://a/admin/secret', 'http://a//admin/secret', 'http://a/./admin/secret', 'http://a/%61dmin/secret', 'http://a?/admin/secret', 'http://a?x/admin/secret'),
  ...plain('http://a#/admin/secret', 'http://a\\admin/secret', 'http:///admin/secret', 'http:/admin/secret', 'http:admin/secret', 'http://admin/secret', 'http://u@a/admin/secret', 'http://a/x/../admin/secret', 'http://a:80/admin/secret', 'http://[::1]/admin/secret'),
  ...plain('ftp://a/admin/secret', 'file:///admin/secret', '//a/admin/secret', 'ws://a/admin/secret', 'javascript:/admin/secret', '://a/admin/secret'),
  ...plain('*', '*/admin/secret', '/*', '*?/admin/secret', 'admin/secret', './admin/secret', '../admin/secret', '?/admin/secret', '#/admin/secret', 'a/admin/secret', '%2fadmin/secret', '@/admin/secret'),
  ...['a/admin', 'a/admin?', 'a/../admin', 'a#', 'u@a', 'a\\admin', 'a/admin/secret#', 'a,b', '', '/admin'].flatMap((host): TargetForm[] => [['/secret', host], ['/x', host], ['/admin/secret', host]]),
];

function plain(...targets: readonly string[]): readonly TargetForm[] {
  return targets.map((target) => [target]);
}
