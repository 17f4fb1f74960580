// Names and types of the ECS 9.5 field reference, written compactly: `name:type{children}`, where no type is a keyword
// and `@shape` stands for children that several fields share. Multi-fields (`.text`) are left out.

/** Children that several field sets share, one `name = children` each (a line that starts with a blank goes on). */
export const SHAPES = `
administers = entity{id} host{id name} service{id name} user{domain email id name}
as = number:l organization{name}
attributes = known_redirects managed:b mfa_enabled:b oauth_consent_restriction permissions storage_class
changes = domain email entity@entity full_name group{domain id name} hash id name risk@risk roles
client = address as@as bytes:l domain geo@geo ip:i mac nat{ip:i port:l} packets:l port:l registered_domain subdomain
 top_level_domain user@user
code_signature = digest_algorithm exists:b flags signing_id status subject_name team_id thumbprint_sha256
 timestamp:d trusted:b valid:b
disk = read{bytes:l} write{bytes:l}
egress = interface{alias id name} vlan{id name} zone
elf = architecture byte_order cpu_type creation_date:d exports:t go_import_hash go_imports:t
 go_imports_names_entropy:l go_imports_names_var_entropy:l go_stripped:b header@header import_hash imports:t
 imports_names_entropy:l imports_names_var_entropy:l sections:n@sections segments:n{sections type} shared_libraries
 telfhash
entity = attributes@attributes behavior:o display_name id last_seen_timestamp:d lifecycle{last_activity:d} metrics:o
 name raw:o reference relationships@relationships source sub_type type
file = accessed:d attributes code_signature@code_signature created:d ctime:d device directory drive_letter elf@elf
 extension fork_name gid group hash@hash inode mime_type mode mtime:d name origin_referrer_url origin_url owner path
 pe@pe size:l target_path type uid x509@x509
geo = city_name continent_code continent_name country_iso_code country_name location:g name postal_code
 region_iso_code region_name timezone
hash = cdhash md5 sha1 sha256 sha384 sha512 ssdeep tlsh
header = abi_version class data entrypoint:l object_version os_abi type version
issuer = common_name country distinguished_name locality organization organizational_unit state_or_province
macho = go_import_hash go_imports:t go_imports_names_entropy:l go_imports_names_var_entropy:l go_stripped:b
 import_hash imports:t imports_names_entropy:l imports_names_var_entropy:l sections:n@sections2 symhash
network = egress{bytes:l packets:l} ingress{bytes:l packets:l}
origin = account{id name} availability_zone entity@entity instance{id name} machine{type} project{id name} provider
 region service{name}
origin2 = address entity@entity environment ephemeral_id id name node{name role roles} state type version
os = family full kernel name platform type version
parent = entity_id pid:l session_leader@session_leader start:d vpid:l
pe = architecture company description file_version go_import_hash go_imports:t go_imports_names_entropy:l
 go_imports_names_var_entropy:l go_stripped:b imphash import_hash imports:t imports_names_entropy:l
 imports_names_var_entropy:l original_file_name pehash product sections:n@sections2
registry = data{bytes strings:w type} hive key path value
relationships = administers@administers depends_on@administers owns@administers supervises@administers
risk = calculated_level calculated_score:f calculated_score_norm:f static_level static_score:f static_score_norm:f
sections = chi2:l entropy:l flags name physical_offset physical_size:l type var_entropy:l virtual_address:l
 virtual_size:l
sections2 = entropy:l name physical_size:l var_entropy:l virtual_size:l
session_leader = entity_id pid:l start:d vpid:l
thread = capabilities{effective permitted} id:l name
tty = char_device{major:l minor:l}
url = domain extension fragment full:w original:w password path:w port:l query registered_domain scheme subdomain
 top_level_domain username
user = domain email full_name group{domain id name} hash id name roles
x509 = alternative_names issuer@issuer not_after:d not_before:d public_key_algorithm public_key_curve
 public_key_exponent:l public_key_size:l serial_number signature_algorithm subject@issuer version_number
`;

/** The whole tree of fields. */
export const FIELDS = `
@timestamp:d agent{build{original} ephemeral_id id name type version} client@client cloud{account{id name}
availability_zone entity@entity instance{id name} machine{type} origin@origin project{id name} provider region
service{name} target@origin} container{cpu{usage:s} disk@disk id image{hash{all} name tag} labels:o memory{usage:s}
name network{egress{bytes:l} ingress{bytes:l}} runtime security_context{privileged:b}} data_stream{dataset:c
namespace:c type:c} destination@client device{id manufacturer model{identifier name} product{id name} serial_number
type vendor{id name}} dll{code_signature@code_signature hash@hash name origin_referrer_url origin_url path pe@pe}
dns{answers:o{class data name ttl:l type} header_flags id op_code question{class name registered_domain subdomain
top_level_domain type} resolved_ip:i response_code type} ecs{version} email{attachments:n{file{extension hash@hash
mime_type name size:l}} bcc{address} cc{address} content_type delivery_timestamp:d direction from{address} local_id
message_id:w origination_timestamp:d reply_to{address} sender{address} subject to{address} x_mailer}
entity{attributes@attributes behavior:o display_name id last_seen_timestamp:d lifecycle{last_activity:d} metrics:o
name raw:o reference relationships@relationships source sub_type target@entity type} error{code id message:m
stack_trace:w type} event{action agent_id_status category code created:d dataset duration:l end:d hash id ingested:d
kind module original outcome provider reason reference risk_score:f risk_score_norm:f sequence:l severity:l start:d
timezone type url} faas{coldstart:b execution id name trigger{request_id type} version} file{accessed:d attributes
code_signature@code_signature created:d ctime:d device directory drive_letter elf@elf extension fork_name gid group
hash@hash inode macho@macho mime_type mode mtime:d name origin_referrer_url origin_url owner path pe@pe size:l
target_path type uid x509@x509} gen_ai{agent{description id name} input{messages:t} operation{name}
output{messages:t type} provider{name} request{choice{count:I} encoding_formats:n frequency_penalty:D max_tokens:I
model presence_penalty:D seed:I stop_sequences:n temperature:D top_k:D top_p:D} response{finish_reasons:n id model}
system_instructions:t token{type} tool{call{arguments:t id result:t} definitions:t name type} usage{input_tokens:I
output_tokens:I}} group{domain id name} host{architecture boot{id} cpu{usage:s} disk@disk domain entity@entity
geo@geo hostname id ip:i mac name network@network os@os pid_ns_ino risk@risk target{architecture boot{id}
cpu{usage:s} disk@disk domain entity@entity geo@geo hostname id ip:i mac name network@network os@os pid_ns_ino
risk@risk type uptime:l} type uptime:l} http{request{body{bytes:l content:w} bytes:l id method mime_type referrer}
response{body{bytes:l content:w} bytes:l mime_type status_code:l} version} labels:o log{file{path} level logger
origin{file{line:l name} function} syslog:o{appname facility{code:l name} hostname msgid priority:l procid
severity{code:l name} structured_data:t version}} message:m network{application bytes:l community_id direction
forwarded_ip:i iana_number inner:o{vlan{id name}} name packets:l protocol transport type vlan{id name}}
observer{egress:o@egress geo@geo hostname ingress:o@egress ip:i mac name os@os product serial_number type vendor
version} orchestrator{api_version cluster{id name url version} entity@entity namespace organization
resource{annotation id ip:i label name parent{type} type} type} organization{id name} package{architecture
build_version checksum description install_scope installed:d license name path reference size:l type version}
process{args args_count:l code_signature@code_signature command_line:w elf@elf end:d entity_id entry_leader{args
args_count:l attested_groups{name} attested_user{id name} command_line:w entity_id entry_meta{source{ip:i} type}
executable group{id name} interactive:b name parent@parent pid:l real_group{id name} real_user{id name}
same_as_process:b saved_group{id name} saved_user{id name} start:d supplemental_groups{id name} tty:o@tty user{id
name} vpid:l working_directory} env_vars executable exit_code:l group{id name} group_leader{args args_count:l
command_line:w entity_id executable group{id name} interactive:b name pid:l real_group{id name} real_user{id name}
same_as_process:b saved_group{id name} saved_user{id name} start:d supplemental_groups{id name} tty:o@tty user{id
name} vpid:l working_directory} hash@hash interactive:b io:o{bytes_skipped:o{length:l offset:l}
max_bytes_per_process_exceeded:b text:w total_bytes_captured:l total_bytes_skipped:l type} macho@macho name
parent{args args_count:l code_signature@code_signature command_line:w elf@elf end:d entity_id executable exit_code:l
group{id name} group_leader@session_leader hash@hash interactive:b macho@macho name pe@pe pid:l real_group{id name}
real_user{id name} saved_group{id name} saved_user{id name} start:d supplemental_groups{id name} thread@thread title
tty:o@tty uptime:l user{id name} vpid:l working_directory} pe@pe pid:l previous{args args_count:l executable}
real_group{id name} real_user{id name} saved_group{id name} saved_user{id name} session_leader{args args_count:l
command_line:w entity_id executable group{id name} interactive:b name parent@parent pid:l real_group{id name}
real_user{id name} same_as_process:b saved_group{id name} saved_user{id name} start:d supplemental_groups{id name}
tty:o@tty user{id name} vpid:l working_directory} start:d supplemental_groups{id name} thread@thread title
tty:o{char_device{major:l minor:l} columns:l rows:l} uptime:l user{id name} vpid:l working_directory}
registry@registry related{hash hosts ip:i user} rule{author category description id license name reference ruleset
uuid version} server@client service{address entity@entity environment ephemeral_id id name node{name role roles}
origin@origin2 state target@origin2 type version} source@client span{id} tags threat{enrichments:n{indicator:o{as@as
confidence description email{address} file@file first_seen:d geo@geo ip:i last_seen:d marking{tlp tlp_version}
modified_at:d name port:l provider reference registry@registry scanner_stats:l sightings:l type url@url x509@x509}
matched{atomic field id index occurred:d type}} feed{dashboard_id description name reference} framework group{alias
id name reference} indicator{as@as confidence description email{address} file@file first_seen:d geo@geo id ip:i
last_seen:d marking{tlp tlp_version} modified_at:d name port:l provider reference registry@registry scanner_stats:l
sightings:l type url@url x509@x509} software{alias id name platforms reference type} tactic{id name reference}
technique{id name reference subtechnique{id name reference}}} tls{cipher client{certificate certificate_chain
hash{md5 sha1 sha256} issuer ja3 not_after:d not_before:d server_name subject supported_ciphers x509@x509} curve
established:b next_protocol resumed:b server{certificate certificate_chain hash{md5 sha1 sha256} issuer ja3s
not_after:d not_before:d subject x509@x509} version version_protocol} trace{id} transaction{id} url@url
user{changes@changes domain effective@changes email entity@entity full_name group{domain id name} hash id name
risk@risk roles target@changes} user_agent{device{name} name original os@os version} volume{bus_type default_access
device_name device_type dos_name file_system_type mount_name nt_name product_id product_name removable:b
serial_number size:l vendor_id vendor_name writable:b} vulnerability{category classification description enumeration
id reference report_id scanner{vendor} score{base:f environmental:f temporal:f version} severity status}
`;
